"""A transform of taskferry in Python: `type = "command"`. Copy this file beside your script.

    from taskferry_transform import run

    def transform(record):
        record["task_count"] = len(record.get("tasks", []))
        return record

    run(transform)
"""

import json
import os
import sys
import traceback

PROTOCOL = 1


class Drop(Exception):
    """Raise this exception with a reason to drop the record."""


class Refuse(Exception):
    """Raise this exception with a reason to refuse the record. The `on_error` of the stage applies."""


def run(transform):
    """Calls `transform(record)` for each record until taskferry ends.

    `transform` returns one record (a dict), several records (a list or generator), or None to drop the record. Any exception
    refuses the record. The output of `print` appears in the log.
    """
    # Standard output contains only answers. `print` writes to standard error.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)

    def write(answer):
        answers.write(json.dumps(answer, allow_nan=False, separators=(",", ":")) + "\n")
        answers.flush()

    requests = os.fdopen(os.dup(0), "r", encoding="utf-8", newline="\n")
    hello = json.loads(requests.readline() or "{}")
    write({"protocol": PROTOCOL})
    if hello.get("protocol") != PROTOCOL:
        sys.exit(f"taskferry uses version {hello.get('protocol')} of the protocol, this module version {PROTOCOL}")
    for line in requests:
        request = json.loads(line)
        answer = {"id": request["id"]}
        try:
            write({**answer, "results": results(transform(request["record"]))})
        except Drop as reason:
            write({**answer, "drop": str(reason)})
        except Refuse as reason:
            write({**answer, "error": str(reason)})
        except Exception as error:
            traceback.print_exc()
            write({**answer, "error": f"{type(error).__name__}: {error}"})


def results(returned):
    if returned is None:
        return []
    return [returned] if isinstance(returned, dict) else list(returned)
