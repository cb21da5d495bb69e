// A transform of taskferry in Node: `type = "command"`. Copy this file beside your script.
//
//     import { run } from "./taskferry-transform.mjs";
//     run((record) => ({ ...record, task_count: (record.tasks ?? []).length }));

import { Console } from "node:console";
import { once } from "node:events";

const PROTOCOL = 1;

/** Throw this error with a reason to drop the record. */
export class Drop extends Error {}

/** Throw this error with a reason to refuse the record. The `on_error` of the stage applies. */
export class Refuse extends Error {}

/**
 * Calls `transform(record)` for each record until taskferry ends.
 *
 * `transform` returns one record (an object), several records (an array), null to drop the record, or a promise of these. Any
 * error refuses the record. The output of `console` appears in the log of taskferry.
 */
export async function run(transform) {
  // Standard output contains only answers.
  globalThis.console = new Console(process.stderr);
  const write = async (answer) => {
    if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) await once(process.stdout, "drain");
  };
  const lines = linesOf(process.stdin);
  const first = await lines.next();
  if (first.done) return;
  await write({ protocol: PROTOCOL });
  if (JSON.parse(first.value).protocol !== PROTOCOL) {
    throw new Error(`this module uses version ${PROTOCOL} of the protocol, but taskferry sent ${first.value}`);
  }
  for await (const line of lines) {
    const { id, record } = JSON.parse(line);
    await write({ id, ...(await answer(transform, record)) });
  }
}

// `readline` also ends a line at U+2028 and U+2029. A last line without a line feed is not a request.
async function* linesOf(stream) {
  let line = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    const [end, ...others] = chunk.split("\n");
    line += end;
    for (const other of others) {
      yield line;
      line = other;
    }
  }
}

async function answer(transform, record) {
  try {
    const returned = (await transform(record)) ?? [];
    return { results: Array.isArray(returned) ? returned : [returned] };
  } catch (error) {
    if (error instanceof Drop) return { drop: error.message };
    if (!(error instanceof Refuse)) console.error(error);
    return { error: error instanceof Refuse ? error.message : String(error) };
  }
}
