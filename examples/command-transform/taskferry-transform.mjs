// A transform of taskferry in Node: `type = "command"`. Copy this file beside your script.
//
//     import { run } from "./taskferry-transform.mjs";
//     run((record) => ({ ...record, task_count: (record.tasks ?? []).length }));

import { Console } from "node:console";
import { once } from "node:events";

const PROTOCOL = 1;

/** Throw it to drop the record, with the reason as its text. */
export class Drop extends Error {}

/** Throw it to refuse the record, with the reason as its text. `on_error` of the stage applies to the record. */
export class Refuse extends Error {}

/**
 * Calls `transform(record)` for each record until taskferry ends.
 *
 * It returns one record (an object), any number of them (an array), or null to drop the record, or a promise of these. Any
 * error refuses the record. What it logs with `console` appears in the log of taskferry.
 */
export async function run(transform) {
  // Only answers may reach the standard output.
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

// Not `readline`, which also ends a line at U+2028 and U+2029. A rest without an end is no request.
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
