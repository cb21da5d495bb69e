"""Whether an output holds what it should, record for record."""
import gzip
import hashlib
import json
from collections import Counter


def records(contestant, files):
    """The records of an output, one after the other."""
    numbers = {} if contestant.lenient else {"parse_float": str, "parse_int": str}
    for path in files:
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
            for line in file:
                record = json.loads(line, **numbers)
                if contestant.messages:
                    if record["type"] != "RECORD":
                        continue
                    record = record["record"]
                yield plain(record) if contestant.lenient else record


def plain(value):
    """A value without what tools of this kind leave out, put in, or write otherwise: nulls, columns of dlt's own, `.0`."""
    if isinstance(value, dict):
        kept = {key: plain(item) for key, item in value.items() if item is not None and not key.startswith("_dlt_")}
        # An empty list is what a job or task without them has, whether it is written or not.
        return {key: item for key, item in kept.items() if item != []}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def fingerprint(record):
    """What is equal for equal records. Nothing more is kept of a record, so that an output may be as large as it likes."""
    return hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).digest()


class Truth:
    """What the server counted, and the records as the first to deliver them wrote them: the bare loop, which copies bytes,
    or for rows the hand-written program."""

    def __init__(self, records_counted):
        self.expected = records_counted
        self.reference = {}

    def is_known(self):
        return bool(self.reference)

    def learn(self, contestant, files):
        """Takes the records of a contestant for right, in both ways of reading them; the count must fit all the same."""
        for lenient in (False, True):
            reader = _Reading(lenient)
            self.reference[lenient] = [fingerprint(record) for record in records(reader, files)]
        found = len(self.reference[False])
        return None if found == self.expected else f"{contestant.name}: {found} records, not {self.expected}"

    def differs(self, contestant, files):
        """What is wrong with an output, or nothing."""
        reference = self.reference[contestant.lenient]
        left = Counter(reference) if contestant.unordered else None
        count = 0
        for record in records(contestant, files):
            found = fingerprint(record)
            if left is not None:
                right = left[found] > 0
                left[found] -= 1
            else:
                right = count >= len(reference) or found == reference[count]
            if not right:
                return f"record {count + 1} is not what it should be: {json.dumps(record)[:600]}"
            count += 1
        return None if count == self.expected else f"{count} records, not {self.expected}"


class _Reading:
    """How a file is read, without a contestant who wrote it."""

    messages = False

    def __init__(self, lenient):
        self.lenient = lenient
