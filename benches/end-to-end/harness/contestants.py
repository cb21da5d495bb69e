"""Who takes part: what each is called, how it is started, and where its records come to lie."""
import os
import subprocess
from dataclasses import dataclass, field

from .machine import find, text_of
from .paths import beside, exe

OUT = "out.jsonl"


@dataclass(frozen=True)
class Contestant:
    """`{host}`, `{out}` and `{mapping}` in the command are filled in; the environment has them too."""

    name: str
    command: list
    version: str = ""
    # A contestant that must not fail: without it there is nothing to compare.
    required: bool = False
    # Whose records are compared as they are read, not text by text: floats may lose `.0`, nulls may be left out.
    lenient: bool = False
    # It takes pages in turns and promises no order of records.
    unordered: bool = False
    # Files with its records, as a pattern within its folder.
    output: str = OUT
    # The messages of a tap, the records of which are wanted.
    messages: bool = False
    # What it leaves in its folder is needed by its next run.
    keeps: tuple = ()
    # Runs that come before its first one, in its folder.
    before: tuple = ()
    environment: dict = field(default_factory=dict)
    # Which of the comparison's two truths its records are held against. In most comparisons 0 is that of the contestants that copy
    # jobs instead of doing the work, as a floor for any exporter.
    truth: int = 1
    # What it delivers is not read: a table, or requests.
    unread: bool = False


def bare(name="bare loop"):
    return Contestant(name, [exe("bare"), "{host}", "{out}"], required=True, truth=0)


def hand_written():
    return Contestant("hand-written", [exe("single"), "{host}", "{mapping}", "{out}"], required=True)


def taskferry(work, *options, name="taskferry", **more):
    command = [exe("taskferry"), "run", beside("taskferry", f"{work}.toml"), "--quiet", *options]
    return Contestant(name, command, text_of([exe("taskferry"), "--version"]), required=True, **more)


def modes(work, cursors):
    """taskferry with everything that takes memory in a way of its own."""
    def over(name, **more):
        overlay = ("--overlay", beside("taskferry", f"{name}.toml"))
        return taskferry(work, "--fresh", *overlay, name=f"taskferry, {name}", **more)

    yield taskferry(work, "--fresh")
    several = taskferry_with_cursors(work, cursors)
    if several:
        yield several
    yield over("gzip", output=f"{OUT}.gz")
    yield over("csv", output=f"{OUT}.csv", unread=True)
    yield over("webhook", unread=True)
    if work == "w2":
        yield taskferry(work, "--fresh", "--set", "transform.3.isolation=process", name="taskferry, isolated jq")


def third_party():
    """A pipeline that keeps some rows by a built-in transform, and with a plugin author's in its place; all by one program."""
    program = [exe("third_party"), "run", beside("taskferry", "keep.toml"), "--quiet", "--fresh"]
    overlay = ["--overlay", beside("taskferry", "third-party.toml")]
    by_value = ["--set", "transform.1.by_value=true"]
    return [
        Contestant("filter_ai_impact", program, required=True, truth=0),
        Contestant("third-party", program + overlay, required=True),
        Contestant("third-party, by value", program + overlay + by_value, required=True),
    ]


def taskferry_with_cursors(work, number):
    """taskferry with several cursors, which it knows from the run before; nothing while it has no such option."""
    option = ("--set", f"source.concurrency={number}")
    environment = dict(os.environ, BENCH_URL="http://127.0.0.1:9", BENCH_OUT=OUT, BENCH_MAPPING=os.devnull)
    check = [exe("taskferry"), "check", beside("taskferry", "w1.toml"), *option]
    if subprocess.run(check, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        return None
    name, keeps = f"taskferry, {number} cursors", (".taskferry",)
    before = (taskferry(work, "--fresh", name=name, keeps=keeps),)
    return taskferry(work, *option, name=name, keeps=keeps, before=before)


def own(work):
    """taskferry and what comes with it, the one first whose records the others' are held against. The bare loop runs twice: the
    second shows how far apart equal things come out."""
    field = [bare(), taskferry(work, "--fresh"), bare("bare loop, again")]
    return [hand_written(), *field] if work == "w2" else field


def others(work, tools):
    """What a user would take instead, as far as it is installed, and a note on each that is not."""
    found, missing = [], []
    for make in (curl_jq, requests, httpx, dlt, singer, faucet):
        contestants = make(work, tools)
        if isinstance(contestants, str):
            missing.append(contestants)
        else:
            found.extend(contestants)
    return found, missing


def version_of(python, package):
    """The version of a Python package that an interpreter sees; nothing when it does not."""
    return text_of([python, "-c", f"import importlib.metadata as m; print(m.version('{package}'))"])


def curl_jq(work, _):
    if not (find("curl") and find("jq")):
        return "curl + jq: `curl` or `jq` is not on the path"
    curl, jq = text_of(["curl", "--version"]).split(" (")[0], text_of(["jq", "--version"])
    return [Contestant("curl + jq", ["sh", beside("curl-jq", "export.sh"), work], f"{curl}, {jq}", lenient=True)]


def requests(work, tools):
    version = version_of(tools.python, "requests")
    if not version:
        return "python requests: not installed"
    python = text_of([tools.python, "--version"])
    return [Contestant("python requests", [tools.python, beside("script", "export.py"), work, "requests"], f"requests {version}, {python}")]


def httpx(work, tools):
    versions = [version_of(tools.python, package) for package in ("httpx", "orjson")]
    if not all(versions):
        return "httpx + orjson: not installed"
    version = "httpx {}, orjson {}".format(*versions)
    return [Contestant("httpx + orjson", [tools.python, beside("script", "export.py"), work, "httpx"], version)]


def dlt(work, tools):
    version = version_of(tools.python, "dlt")
    if not version:
        return "dlt: not installed"
    # Where dlt finds its `.dlt/config.toml`.
    environment = {"DLT_PROJECT_DIR": beside("dlt")}
    command = [tools.python, beside("dlt", f"{work}.py")]
    output = "export/bench/jobs/*.jsonl"
    return [Contestant("dlt", command, f"dlt {version}", lenient=True, unordered=True, output=output, environment=environment)]


def singer(work, tools):
    version = version_of(tools.python, "singer-sdk")
    if not version:
        return "singer-sdk: not installed"
    command = ["sh", beside("singer-sdk", "export.sh"), tools.python, {"w1": "jobs", "w2": "tasks"}[work]]
    version = f"singer-sdk {version}"
    found = [Contestant("singer-sdk, the tap alone", command, version, lenient=True, messages=True)]
    target = find(tools.target_jsonl)
    if target:
        found.append(Contestant("singer-sdk + target-jsonl", [*command, target], version, lenient=True))
    return found


def faucet(work, tools):
    program = find(tools.faucet)
    if work == "w2":
        return "faucet-stream: renaming within a list takes its SQL transform, an embedded database; see benches/README.md"
    if not program:
        return "faucet-stream: `faucet` is not on the path"
    return [Contestant("faucet-stream", [program, "run", beside("faucet-stream", f"{work}.yaml")], text_of([program, "--version"]), lenient=True)]
