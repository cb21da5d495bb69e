"""What follows from the samples: medians, ranges and ratios."""
import statistics


def median(samples, key):
    return statistics.median(sample[key] for sample in samples)


def spread(samples, key):
    values = [sample[key] for sample in samples]
    return min(values), max(values)


def ratio(comparison, name, key, reference):
    """The median of one contestant by that of another, and the range of both in the same round. Nothing without samples."""
    ours, theirs = comparison["samples"].get(name), comparison["samples"].get(reference)
    if not ours or not theirs:
        return None
    rounds = [one[key] / other[key] for one, other in zip(ours, theirs) if other[key]]
    base = median(theirs, key)
    if not rounds or not base:
        return None
    return median(ours, key) / base, min(rounds), max(rounds)


def told(figure):
    """`1.23 (1.20–1.30)`."""
    if figure is None:
        return "not measured"
    middle, low, high = figure
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


OWN = ("taskferry", "hand-written", "bare loop")


def fastest_other(comparison):
    """The fastest contestant that is neither taskferry nor one of the programs that come with it."""
    others = [name for name, samples in comparison["samples"].items() if samples and not name.startswith(OWN)]
    return min(others, key=lambda name: median(comparison["samples"][name], "wall"), default=None)
