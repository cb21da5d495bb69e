#!/usr/bin/env python3
"""A whole export as a process, each contestant in turn: wall, CPU, memory, and the ratio to the bare loop.

    cargo build --release -p taskferry -p taskferry-bench-end-to-end
    python3 benches/end-to-end/run.py --jobs 20000 --rounds 5

Contestants that are not installed (requests, curl, jq) are left out. Every output is counted against what the server
serves, and those of one work are compared record for record with the hand-written program's or the bare loop's.
"""
import argparse, csv, json, os, shutil, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
RELEASE = os.path.join(HERE, "../../target/release")


def contestants(work, mapping):
    """Name -> command. The environment names the server, the output, and the mapping."""
    exe = lambda name: os.path.join(RELEASE, name)
    here = lambda name: os.path.join(HERE, "contestants", name)
    found = {"taskferry": [exe("taskferry"), "run", here(f"{work}.toml"), "--quiet", "--fresh"]}
    if work == "w1":
        found["bare loop"] = [exe("bare"), "{host}", "{out}"]
    else:
        found["hand-written"] = [exe("single"), "{host}", mapping, "{out}"]
        found["bare loop"] = [exe("bare"), "{host}", "{out}"]
    try:
        import requests  # noqa: F401
        found["python requests"] = [sys.executable, here(f"requests_{work}.py")]
    except ImportError:
        pass
    if shutil.which("curl") and shutil.which("jq"):
        found["curl + jq"] = ["sh", here("curl_jq.sh"), work]
    return found


def measure(command, host, folder, mapping):
    out = os.path.join(folder, "out.ndjson")
    if os.path.exists(out):
        os.remove(out)
    environment = dict(os.environ, BENCH_URL=f"http://{host}", BENCH_OUT=out, BENCH_MAPPING=mapping)
    command = [part.format(host=host, out=out) for part in command]
    # The peak memory of a process counts what its parent held when it was started, and this one holds much.
    launcher = [sys.executable, "-S", os.path.join(HERE, "launch.py"), *command]
    result = json.loads(subprocess.run(launcher, env=environment, cwd=folder, stdout=subprocess.PIPE, check=True).stdout)
    if result["status"]:
        sys.exit(f"{command[0]} ended with {result['status']}")
    return dict(result, out=out)


def records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line, parse_float=str, parse_int=str) for line in file]


def serve(jobs, latency):
    server = subprocess.Popen([os.path.join(RELEASE, "pages"), str(jobs), str(latency)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return server, json.loads(server.stdout.readline())


def write_mapping(sample, path):
    """The first 500 skills of the data get another name."""
    names = dict.fromkeys(skill["skill"] for job in sample for task in job["tasks"] for skill in task.get("linked_skills", []))
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["vendor", "skill", "vendor_skill"])
        for number, name in enumerate(list(names)[:500]):
            if "," not in name and '"' not in name:
                writer.writerow(["bench", name, f"{name} ({number})"])


def compare(work, jobs, latency, rounds, only):
    folder = tempfile.mkdtemp(prefix="taskferry-bench-")
    mapping = os.path.join(folder, "mapping.csv")
    server, told = serve(jobs, latency)
    host, counted = told["host"], told["counted"]
    try:
        measure([os.path.join(RELEASE, "bare"), "{host}", "{out}"], host, folder, mapping)
        sample = records(os.path.join(folder, "out.ndjson"))
        write_mapping(sample, mapping)
        field = {name: command for name, command in contestants(work, mapping).items() if not only or name in only}
        # The A/A run: the same program under two names shows how far apart equal things come out.
        field["bare loop, again"] = [os.path.join(RELEASE, "bare"), "{host}", "{out}"]
        results, reference = {name: [] for name in field}, None
        for number in range(rounds + 1):
            for name, command in field.items():
                result = measure(command, host, folder, mapping)
                if number == 0:  # warms caches, and is checked
                    found = records(result["out"])
                    if work == "w1" or name.startswith("bare"):
                        assert len(found) == counted["jobs"] and found == sample, name
                    elif reference is None:
                        reference = found
                    else:
                        assert len(found) == len(reference), (name, len(found), len(reference))
                        for got, expected in zip(found, reference):
                            assert got == expected, (name, got, expected)
                else:
                    results[name].append(result)
        report(work, jobs, latency, counted, results)
    finally:
        server.stdin.close()
        server.wait()
        shutil.rmtree(folder)


def report(work, jobs, latency, counted, results):
    median = lambda name, key: statistics.median(result[key] for result in results[name])
    megabytes = counted["bytes"] / 1e6
    print(f"\n{work.upper()}: {counted['jobs']} jobs, {counted['tasks']} tasks, {counted['pages']} pages, {megabytes:.0f} MB, {latency} ms a page")
    print("| | wall s (min–max) | CPU s | memory MB | jobs/s | MB/s | wall / bare | CPU / bare |")
    print("|---|---|---|---|---|---|---|---|")
    for name in results:
        walls = [result["wall"] for result in results[name]]
        wall, cpu = median(name, "wall"), median(name, "cpu")
        print(f"| {name} | {wall:.3f} ({min(walls):.3f}–{max(walls):.3f}) | {cpu:.3f} | {median(name, 'memory'):.0f} "
              f"| {counted['jobs'] / wall:,.0f} | {megabytes / wall:.0f} "
              f"| {wall / median('bare loop', 'wall'):.2f} | {cpu / median('bare loop', 'cpu'):.2f} |")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=20000)
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before each page")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", choices=["w1", "w2"], action="append")
    parser.add_argument("--only", action="append", help="a contestant; `bare loop` is always needed")
    arguments = parser.parse_args()
    for work in arguments.work or ["w1", "w2"]:
        compare(work, arguments.jobs, arguments.latency, arguments.rounds, arguments.only)
