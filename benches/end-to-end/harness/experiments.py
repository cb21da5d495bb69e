"""The things that are measured, each a function that gives the comparisons it made."""
import os
import statistics

from .check import Truth
from .contestants import OUT, Contestant, bare, hand_written, modes, others, own, taskferry, taskferry_with_cursors, third_party
from .machine import find, text_of
from .measure import launch, served
from .paths import beside, exe
from .rounds import Comparison, Failed, say, truths_of, write_mapping


def main(settings):
    """Both works, no latency, everybody who is installed."""
    with served(settings.jobs, 0) as (host, counted):
        mapping = write_mapping(host, settings)
        for work in settings.works:
            found, missing = others(work, settings.tools)
            settings.missing.extend(why for why in missing if why not in settings.missing)
            field = wanted(own(work) + found, settings)
            comparison = Comparison(work, TITLES[work], field, settings)
            yield comparison.run(host, counted, 0, mapping, truths_of(work, counted))


TITLES = {
    "w1": "W1: every job untouched, to NDJSON",
    "w2": "W2: tasks at H1 and H2, one row a task, 500 skills renamed, one jq expression, to NDJSON",
}


def wanted(field, settings):
    """All of them, or those that were asked for and those that can't be done without."""
    needed = ("bare loop", "bare loop, again", "hand-written", "taskferry")
    return [contestant for contestant in field if not settings.only or contestant.name in (*needed, *settings.only)]


def latency(settings):
    """Both works with pages that take their time, with one cursor and with eight."""
    with served(settings.latency_jobs, settings.latency) as (host, counted):
        mapping = write_mapping(host, settings)
        for work in settings.works:
            field, several = own(work), taskferry_with_cursors(work, settings.cursors)
            title = f"{TITLES[work]}, {settings.latency} ms a page"
            comparison = Comparison(f"{work}-latency", title, field + [several] if several else field, settings)
            if not several:
                note = f"Not measured: {settings.cursors} cursors, since this taskferry has no option `source.concurrency`."
                say(f"\n*** {note} ***\n")
                comparison.notes.append(note)
            yield comparison.run(host, counted, settings.latency, mapping, truths_of(work, counted))


def memory(settings):
    """Peak memory of a small export and of a large one, in every mode."""
    for size, jobs in (("small", settings.memory_jobs // 50), ("large", settings.memory_jobs)):
        with served(jobs, 0) as (host, counted):
            mapping = write_mapping(host, settings)
            for work in settings.works:
                # The one that is held against, and those that are measured.
                field = [hand_written() if work == "w2" else bare(), *modes(work, settings.cursors)]
                title = f"{TITLES[work]}: memory, {jobs:,} jobs"
                comparison = Comparison(f"{work}-memory-{size}", title, field, settings, reference=field[0].name)
                yield comparison.run(host, counted, 0, mapping, truths_of(work, counted))


def jq(settings):
    """A pipeline of one jq transform, the same pipeline without it, and `jq` on the records that it brings."""
    if not find("jq"):
        settings.missing.append("the jq comparison: `jq` is not on the path")
        return
    with served(settings.jobs, 0) as (host, counted):
        write_mapping(host, settings)
        # What the bare loop has just written.
        records = os.path.join(settings.folder, "records.jsonl")
        os.replace(os.path.join(settings.folder, "bare-loop", OUT), records)
        command = ["sh", beside("jq", "jq.sh"), beside("taskferry", "objects.jq"), records, "{out}"]
        field = [
            taskferry("jq", "--fresh"),
            taskferry("w1", "--fresh", name="taskferry, no transform", truth=0),
            Contestant("jq", command, text_of(["jq", "--version"]), required=True, lenient=True),
        ]
        comparison = Comparison("jq", "One jq expression over every job", field, settings, reference="jq")
        truths = Truth(counted["jobs"]), Truth(counted["jobs"])
        comparison.notes.append("`jq` reads the jobs from a file and the pipelines get them over HTTP: the CPU of the third is to be "
                                "held against the difference between the first two.")
        yield comparison.run(host, counted, 0, "", truths)


def third(settings):
    """A transform that a plugin author wrote, in the place of a built-in one, on rows."""
    with served(settings.jobs, 0) as (host, counted):
        title = f"A third-party transform on {counted['tasks']:,} rows, in the place of `filter_ai_impact`"
        comparison = Comparison("third-party", title, third_party(), settings, reference="filter_ai_impact")
        comparison.notes.append("The third-party transform reads `root()?.get(…)`, by value `value()?.get(…)`.")
        yield comparison.run(host, counted, 0, "", (Truth(counted["rows"]), Truth(counted["long_tasks"])))


def start(settings):
    """How long `taskferry check` takes, which reads a pipeline, builds all of it, and asks nobody."""
    environment = dict(os.environ, BENCH_URL="http://127.0.0.1:9", BENCH_OUT=OUT, BENCH_MAPPING=os.devnull)
    command = [exe("taskferry"), "check", beside("taskferry", "w1.toml")]
    # The first is not measured: it brings the program into memory.
    samples = [launch(command, settings.folder, environment, settings.allowance) for _ in range(settings.starts + 1)]
    wrong = next((sample["error"] for sample in samples if "error" in sample), None)
    if wrong:
        raise Failed(f"taskferry check: {wrong}")
    told = {"runs": settings.starts, "bytes": os.path.getsize(exe("taskferry")), "samples": samples[1:]}
    for key in ("wall", "cpu"):
        values = [sample[key] * 1000 for sample in samples[1:]]
        told[f"{key}_ms"], told[f"{key}_range_ms"] = statistics.median(values), (min(values), max(values))
    return told
