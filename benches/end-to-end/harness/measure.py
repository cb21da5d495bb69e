"""The page server, and the measuring of one process."""
import glob
import json
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager

from .contestants import OUT
from .paths import exe


@contextmanager
def served(jobs, latency):
    """A page server: its address, and how much of everything there is to get from it."""
    command = [exe("pages"), str(jobs), str(latency)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        told = json.loads(server.stdout.readline())
        yield told["host"], told["counted"]
    finally:
        server.stdin.close()
        server.wait()


def launch(command, folder, environment, allowance):
    """What a process took. One that fails, or needs longer than `allowance` seconds, has an `error` instead."""
    # What the one before wrote goes to the disk now and not at this one's cost.
    os.sync()
    log = os.path.join(folder, "log")
    with open(log, "wb") as errors:
        process = subprocess.Popen(
            [exe("launch"), *command], env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            told, _ = process.communicate(timeout=allowance)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return {"error": f"not done after {allowance} s"}
    taken = json.loads(told) if told else {"success": False, "status": "it could not be started"}
    if taken["success"]:
        return taken
    with open(log, encoding="utf-8", errors="replace") as file:
        last = [line.strip() for line in file if line.strip()][-3:]
    return {"error": f"{taken['status']}: {' / '.join(last)}"}


def measure(contestant, host, folder, mapping, allowance):
    """Runs a contestant in a folder of its own and says what it took and which files hold its records."""
    own = os.path.join(folder, contestant.name.replace(" ", "-"))
    os.makedirs(own, exist_ok=True)
    for name in os.listdir(own):
        if name not in contestant.keeps:
            path = os.path.join(own, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    out = os.path.join(own, OUT)
    environment = dict(os.environ, BENCH_URL=f"http://{host}", BENCH_OUT=out, BENCH_MAPPING=mapping, **contestant.environment)
    environment.update(NO_PROXY="127.0.0.1", no_proxy="127.0.0.1")
    command = [part.format(host=host, out=out, mapping=mapping) for part in contestant.command]
    taken = launch(command, own, environment, allowance)
    return taken, sorted(glob.glob(os.path.join(own, contestant.output)))
