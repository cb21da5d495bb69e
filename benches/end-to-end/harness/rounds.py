"""A comparison: contestants take turns in an order that is drawn anew each round, and what they write is checked."""
import csv
import itertools
import os
import random
import sys

from .check import Truth, records
from .contestants import bare
from .measure import measure


class Failed(Exception):
    """A contestant failed that must not."""


class Comparison:
    """One table of the report: what was measured of whom."""

    def __init__(self, key, title, field, settings, reference="bare loop"):
        self.key, self.title, self.field, self.settings = key, title, field, settings
        # The contestant that the others' ratios refer to.
        self.reference = reference
        self.samples = {contestant.name: [] for contestant in field}
        self.failures, self.notes = {}, []
        self.counted, self.latency = {}, 0

    def run(self, host, counted, latency, mapping, truths):
        """`truths` are what outputs are held against, by the contestants' `truth`."""
        self.counted, self.latency = counted, latency
        sizes = self.warm_up(host, mapping, truths)
        for number in range(self.settings.rounds):
            say(f"{self.key}: round {number + 1} of {self.settings.rounds}")
            turns = [contestant for contestant in self.field if contestant.name not in self.failures]
            # The same order on every machine, and no contestant always after the same other.
            random.Random(number).shuffle(turns)
            for contestant in turns:
                taken, files = self.turn(contestant, host, mapping)
                if taken and not contestant.lenient and size(files) != sizes[contestant.name]:
                    self.fail(contestant, "its output has another size than before")
                elif taken:
                    self.samples[contestant.name].append(taken)
        return self

    def warm_up(self, host, mapping, truths):
        """One run of everybody that is not measured: files get into caches, and outputs are checked."""
        sizes = {}
        for contestant in self.field:
            say(f"{self.key}: {contestant.name}")
            for before in contestant.before:
                self.turn(before, host, mapping)
            taken, files = self.turn(contestant, host, mapping)
            if not taken:
                continue
            truth = truths[contestant.truth]
            if contestant.unread:
                wrong = None
            elif truth.is_known():
                wrong = truth.differs(contestant, files)
            else:
                wrong = truth.learn(contestant, files)
            if wrong:
                self.fail(contestant, wrong)
            sizes[contestant.name] = size(files)
        return sizes

    def turn(self, contestant, host, mapping):
        taken, files = measure(contestant, host, self.settings.folder, mapping, self.settings.allowance)
        if "error" in taken:
            self.fail(contestant, taken["error"])
            return None, files
        return taken, files

    def fail(self, contestant, why):
        if contestant.required:
            raise Failed(f"{contestant.name}: {why}")
        say(f"{contestant.name}: {why}")
        self.failures[contestant.name] = why

    def as_json(self):
        versions = {contestant.name: contestant.version for contestant in self.field if contestant.version}
        return {
            "key": self.key, "title": self.title, "counted": self.counted, "latency_ms": self.latency, "reference": self.reference,
            "versions": versions, "samples": self.samples, "failures": self.failures, "notes": self.notes,
        }


def say(line):
    print(line, file=sys.stderr, flush=True)


def size(files):
    return sum(os.path.getsize(path) for path in files)


def write_mapping(host, settings):
    """Another name for each of the first 500 skills that the jobs have."""
    contestant = bare()
    taken, files = measure(contestant, host, settings.folder, "", settings.allowance)
    if "error" in taken:
        raise Failed(f"{contestant.name}: {taken['error']}")
    tasks = (task for job in records(contestant, files) for task in job["tasks"])
    skills = (skill["skill"] for task in tasks for skill in task.get("linked_skills", []))
    # A comma would be one contestant's trouble and the others' not.
    names = dict.fromkeys(name for name in itertools.islice(skills, 100_000) if not set(name) & set(',"'))
    path = os.path.join(settings.folder, "mapping.csv")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["vendor", "skill", "vendor_skill"])
        writer.writerows(["bench", name, f"{name} ({number})"] for number, name in enumerate(itertools.islice(names, 500)))
    return path


def truths_of(work, counted):
    """For those that copy, and for those that do the work; of the first work it is the same."""
    copies = Truth(counted["jobs"])
    return copies, Truth(counted["rows"]) if work == "w2" else copies

