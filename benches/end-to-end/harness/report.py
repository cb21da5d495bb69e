"""What is told of it all, as Markdown."""
from .figures import median, ratio, spread, told
from .goals import goals


def markdown(results):
    parts = ["# End-to-end benchmark", machine(results["machine"])]
    found = goals(results["comparisons"], results.get("start"))
    if found:
        rows = "\n".join(f"| {what} | {figure} |" for what, figure in found)
        parts.append(f"## In short\n\n| | |\n|---|---|\n{rows}")
    parts.extend(table(comparison) for comparison in results["comparisons"])
    if results.get("start"):
        start = results["start"]
        parts.append(
            f"## Start-up\n\n`taskferry check` {start['runs']} times: median {start['wall_ms']:.1f} ms wall "
            f"({start['wall_range_ms'][0]:.1f}–{start['wall_range_ms'][1]:.1f}), {start['cpu_ms']:.1f} ms CPU "
            f"({start['cpu_range_ms'][0]:.1f}–{start['cpu_range_ms'][1]:.1f}). The program has {start['bytes'] / 1e6:.1f} MB."
        )
    if results["missing"]:
        parts.append("## Not here\n\n" + "\n".join(f"- {why}" for why in results["missing"]))
    return "\n\n".join(parts) + "\n"


def machine(it):
    loads = " → ".join(" ".join(f"{load:.2f}" for load in it[when]) for when in ("load_before", "load_after"))
    return (
        f"{it['processor']}, {it['cores']} cores, {it['memory_gb']} GB; {it['system']}; output on {it['file_system']}; "
        f"{it['rustc']}, profile {it['cargo_profile']}; taskferry at {it['taskferry']}. Load averages before → after: {loads}. "
        "Medians, with the least and the most in parentheses; ratios with their range within one round."
    )


HEAD = ["", "wall s", "CPU s", "peak memory MB", "records/s", "MB/s", "wall / {reference}", "CPU / {reference}"]


def table(comparison):
    counted, reference = comparison["counted"], comparison["reference"]
    lines = [f"## {comparison['title']}", "", described(comparison), ""]
    lines.append("| " + " | ".join(HEAD).format(reference=reference) + " |")
    lines.append("|---" * len(HEAD) + "|")
    for name, samples in comparison["samples"].items():
        if samples:
            lines.append(row(comparison, name, samples))
    lines.extend(f"\n{name} is left out: {why}" for name, why in comparison["failures"].items())
    lines.extend(f"\n**{note}**" for note in comparison["notes"])
    versions = ", ".join(f"{name} ({version})" for name, version in comparison["versions"].items())
    lines.append(f"\nVersions: {versions}." if versions else "")
    return "\n".join(lines).rstrip() if counted else ""


def described(comparison):
    counted = comparison["counted"]
    rounds = max(map(len, comparison["samples"].values()), default=0)
    return (
        f"{counted['jobs']:,} jobs with {counted['tasks']:,} tasks, {counted['rows']:,} of them at H1 or H2; {counted['pages']:,} pages, "
        f"{counted['bytes'] / 1e6:.1f} MB, {comparison['latency_ms']} ms a page; {rounds} rounds in drawn order. "
        "Records and MB are those that the server sends."
    )


def row(comparison, name, samples):
    counted, reference = comparison["counted"], comparison["reference"]
    wall = median(samples, "wall")
    cells = [name, *(ranged(samples, key, places) for key, places in (("wall", 3), ("cpu", 3), ("memory", 1)))]
    cells += [f"{counted['jobs'] / wall:,.0f}", f"{counted['bytes'] / 1e6 / wall:.1f}"]
    cells += [told(ratio(comparison, name, key, reference)) for key in ("wall", "cpu")]
    return "| " + " | ".join(cells) + " |"


def ranged(samples, key, places):
    low, high = spread(samples, key)
    return f"{median(samples, key):.{places}f} ({low:.{places}f}–{high:.{places}f})"
