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
    """Raise it to drop the record, with the reason as its text."""


class Refuse(Exception):
    """Raise it to refuse the record, with the reason as its text. `on_error` of the stage applies to the record."""


def run(transform):
    """Calls `transform(record)` for each record until taskferry ends.

    It returns one record (a dict), any number of them (a list or generator), or None to drop the record. Any exception
    refuses the record. What it prints appears in the log.
    """
    # Only answers may reach the standard output, so everything else is printed to standard error.
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
