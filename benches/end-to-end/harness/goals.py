"""The few figures that the goals are about, picked out of the comparisons."""
from .figures import fastest_other, median, ratio, told


def goals(comparisons, start):
    """Pairs of what was asked and what came out, as far as it was measured."""
    known = {comparison["key"]: comparison for comparison in comparisons}
    found = []

    def compare(what, key, figure, name, reference):
        if key in known:
            found.append((what, told(ratio(known[key], name, figure, reference))))

    compare("W1: CPU / bare loop", "w1", "cpu", "taskferry", "bare loop")
    compare("W2: wall / hand-written program", "w2", "wall", "taskferry", "hand-written")
    compare("W2: CPU / hand-written program", "w2", "cpu", "taskferry", "hand-written")
    other = fastest_other(known["w2"]) if "w2" in known else None
    if other:
        compare(f"W2: wall / fastest other tool ({other})", "w2", "wall", "taskferry", other)
        compare(f"W2: peak memory / fastest other tool ({other})", "w2", "memory", "taskferry", other)
    for work in ("w1", "w2"):
        slow = f"{work}-latency"
        latency = f"{work.upper()}, {known[slow]['latency_ms']} ms a page: wall / bare loop" if slow in known else ""
        compare(latency, slow, "wall", "taskferry", "bare loop")
        for name in known.get(slow, {}).get("samples", ()):
            if name.endswith("cursors"):
                compare(f"{latency}, {name.split(', ')[1]}", slow, "wall", name, "bare loop")
        found.extend(memory(known, work))
    for name, how in (("third-party", "by index"), ("third-party, by value", "by value")):
        compare(f"third-party transform on rows, {how}: wall / `filter_ai_impact`", "third-party", "wall", name, "filter_ai_impact")
    compare("jq transform: CPU of the whole export / `jq`", "jq", "cpu", "taskferry", "jq")
    if "jq" in known:
        found.append(("jq transform: CPU it adds to the export without it / `jq`", added(known["jq"])))
    if start:
        found.append(("`taskferry check`: CPU, median", f"{start['cpu_ms']:.1f} ms"))
        found.append(("size of the program", f"{start['bytes'] / 1e6:.1f} MB"))
    return found


def memory(known, work):
    """How peak memory grows with the export, in every mode."""
    small, large = known.get(f"{work}-memory-small"), known.get(f"{work}-memory-large")
    if not small or not large:
        return
    jobs = f"{large['counted']['jobs']:,} jobs / {small['counted']['jobs']:,} jobs"
    for name in large["samples"]:
        if name.startswith("taskferry") and large["samples"][name] and small["samples"].get(name):
            before, after = (median(comparison["samples"][name], "memory") for comparison in (small, large))
            yield f"{work.upper()}: peak memory of {name}, {jobs}", f"{after / before:.2f} ({after:.1f} MB / {before:.1f} MB)"


def added(comparison):
    """The transform alone, which is what is left when the same export without it is taken off."""
    samples = comparison["samples"]
    with_it, without, jq = (median(samples[name], "cpu") for name in ("taskferry", "taskferry, no transform", "jq"))
    return f"{(with_it - without) / jq:.2f}"
