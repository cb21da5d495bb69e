#!/usr/bin/env python3
"""Whole exports as processes, taskferry beside what a user would take instead.

    cargo build --profile dist -p taskferry -p taskferry-bench-end-to-end
    python3 benches/end-to-end/run.py            # both works, no latency
    python3 benches/end-to-end/run.py all        # and latency, memory, jq, third-party, start-up

Writes a report in Markdown, and all samples as JSON. Contestants that are not installed are named and left out; benches/README.md
says how to install them, and how everything is measured.
"""
import argparse
import json
import os
import sys
import tempfile
from types import SimpleNamespace

from harness import experiments, machine
from harness.report import markdown
from harness.rounds import Failed, say

COMPARISONS = {"main": experiments.main, "latency": experiments.latency, "memory": experiments.memory, "jq": experiments.jq,
               "third-party": experiments.third}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", default=["main"], help=f"{', '.join(COMPARISONS)}, start, or all; main by default")
    parser.add_argument("--jobs", type=int, default=20_000, help="of `main`, `jq` and `third-party`")
    parser.add_argument("--latency-jobs", type=int, default=5_000, help="of `latency`")
    parser.add_argument("--memory-jobs", type=int, default=100_000, help="of the large export of `memory`; the small one has a fiftieth")
    parser.add_argument("--latency", type=int, default=50, help="milliseconds before each page, in `latency`")
    parser.add_argument("--cursors", type=int, default=8, help="of the second taskferry in `latency` and `memory`")
    parser.add_argument("--rounds", type=int, default=5, help="after one that is not measured")
    parser.add_argument("--starts", type=int, default=30, help="of `start`")
    parser.add_argument("--work", choices=["w1", "w2"], action="append", dest="works")
    parser.add_argument("--only", action="append", help="of the other tools only this one; may be repeated")
    parser.add_argument("--allowance", type=int, default=900, help="seconds that one process may take")
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has requests, httpx, orjson, dlt, singer-sdk")
    parser.add_argument("--target-jsonl", default="target-jsonl", help="the program, which wants an environment of its own")
    parser.add_argument("--faucet", default="faucet", help="the program")
    parser.add_argument("--folder", help="where outputs go while it runs; a temporary folder by default")
    parser.add_argument("--report", default="out/benchmark", help="where the report goes: PATH.md and PATH.json")
    chosen = parser.parse_args()
    unknown = set(chosen.what) - {*COMPARISONS, "start", "all"}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return chosen


def measured(chosen, settings):
    """Everything that was asked for."""
    everything = "all" in chosen.what
    results = {"machine": machine.describe(settings.folder), "comparisons": [], "missing": settings.missing}
    if everything or "start" in chosen.what:
        results["start"] = experiments.start(settings)
    for name, experiment in COMPARISONS.items():
        if everything or name in chosen.what:
            results["comparisons"].extend(comparison.as_json() for comparison in experiment(settings))
    results["machine"]["load_after"] = machine.load()
    return results


def main():
    chosen = arguments()
    tools = SimpleNamespace(python=chosen.python, target_jsonl=chosen.target_jsonl, faucet=chosen.faucet)
    with tempfile.TemporaryDirectory(prefix="taskferry-bench-", dir=chosen.folder) as folder:
        settings = SimpleNamespace(**{**vars(chosen), "works": chosen.works or ["w1", "w2"]}, tools=tools, missing=[])
        settings.folder = folder
        results = measured(chosen, settings)
    report = markdown(results)
    os.makedirs(os.path.dirname(chosen.report) or ".", exist_ok=True)
    with open(f"{chosen.report}.md", "w", encoding="utf-8") as file:
        file.write(report)
    with open(f"{chosen.report}.json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print(report)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        say(str(failed))
        sys.exit(1)
