"""What it was measured on."""
import os
import platform
import shutil
import subprocess

from .paths import REPOSITORY


def text_of(command, **options):
    """The first line that a command prints, or nothing when it can't."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, **options)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().split("\n")[0] if done.returncode == 0 else ""


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        models = []
    return models[0] if models else text_of(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.machine()


def memory_gigabytes():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


def file_system(folder):
    return text_of(["stat", "-f", "-c", "%T", folder]) or "unknown"


def revision():
    commit = text_of(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY)
    changed = text_of(["git", "status", "--porcelain"], cwd=REPOSITORY)
    return f"{commit}{', with changes' if changed else ''}" if commit else "unknown"


def load():
    return [round(load, 2) for load in os.getloadavg()]


def describe(folder):
    """Everything about the machine that a figure may depend on."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gb": memory_gigabytes(),
        "system": f"{platform.system()} {platform.release()}",
        "file_system": file_system(folder),
        "rustc": text_of(["rustc", "--version"]),
        "cargo_profile": "dist",
        "taskferry": revision(),
        "load_before": load(),
    }


def find(program):
    """Where a program stands, given its name or path."""
    return shutil.which(program) if program else None
