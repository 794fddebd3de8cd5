"""What came out: a table, a JSON file, a picture."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import orjson
from matplotlib import pyplot as plt

from benchmarks.operations import OPERATIONS

_BARS: Final = {"sqlite": "#8aa9b8", "postgresql": "#2f6480"}
_COLUMNS: Final = f"{'':12} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs':>8} {'ratio':>7} {'low–high':>12}"


@dataclass(slots=True)
class Tally:
    """All visits of one side for one operation."""

    per_second: list[float] = field(default_factory=list[float])
    latencies: list[float] = field(default_factory=list[float])
    cpu_seconds: float = 0.0

    def figures(self) -> dict[str, float]:
        """Requests per second (the middle round), latencies, processor time per request."""
        ordered = sorted(self.latencies)
        return {
            "rps": round(statistics.median(self.per_second), 1),
            "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
            "cpu_us": round(self.cpu_seconds / len(ordered) * 1_000_000),
        }


Tallies = Mapping[str, Sequence[Tally]]


def figures_of(tallies: Tallies) -> dict[str, dict[str, Any]]:
    """Figures by operation. The ratio is the middle one of the rounds, each taken side by side."""
    found: dict[str, dict[str, Any]] = {}
    for code, (ours, theirs) in tallies.items():
        ratios = [mine / other for mine, other in zip(ours.per_second, theirs.per_second, strict=True)]
        found[code] = {
            **ours.figures(),
            "ratio": round(statistics.median(ratios), 3),
            "ratio_low": round(min(ratios), 3),
            "ratio_high": round(max(ratios), 3),
            "reference": theirs.figures(),
        }
    return found


def show(database: str, figures: Mapping[str, Mapping[str, Any]], sizes: Mapping[str, int]) -> None:
    """Print one database's table."""
    print(f"\n{database}\n{_COLUMNS}")
    titles = {operation.code: operation.title for operation in OPERATIONS}
    for code, mine in figures.items():
        print(f"{code}  {titles[code]}, {sizes[code]} bytes")
        spread = f"{mine['ratio_low']:.2f}–{mine['ratio_high']:.2f}"
        print(f"{_line('  Seriatim', mine)} {mine['ratio']:>7.2f} {spread:>12}")
        print(_line("  reference", mine["reference"]))


def _line(name: str, figures: Mapping[str, Any]) -> str:
    shown = (
        f"{figures[key]:>8.{places}f}" for key, places in (("rps", 0), ("p50_ms", 1), ("p99_ms", 1), ("cpu_us", 0))
    )
    return f"{name:12} {' '.join(shown)}"


_FROM, _TO = "<!-- measured at {size} size: from here -->", "<!-- measured at {size} size: to here -->"
_PUBLISHED: Final = """\
At {size} size, {sessions} sessions on {machine}, the reference is {least:.0f} to {most:.0f} times as fast:

| operation | SQLite: req/s, ratio (low–high) | PostgreSQL: req/s, ratio (low–high) |
|---|---|---|
{rows}
"""


def publish(readme: Path, results: Mapping[str, Mapping[str, Mapping[str, Any]]], **facts: str) -> None:
    """Write the table into a README, between the two markers it has for this size.

    Args:
        readme: The file.
        results: Figures by database and operation.
        facts: The `size`, how many `sessions`, and on which `machine`.
    """
    begin, end = _FROM.format(**facts), _TO.format(**facts)

    def cell(database: str, code: str) -> str:
        found = results.get(database, {}).get(code)
        if found is None:
            return "–"
        return f"{found['rps']:.0f}, {found['ratio']:.2f} ({found['ratio_low']:.2f}–{found['ratio_high']:.2f})"

    shown = [one for one in OPERATIONS if any(one.code in figures for figures in results.values())]
    rows = "\n".join(
        f"| {one.code} {one.title} | {cell('sqlite', one.code)} | {cell('postgresql', one.code)} |" for one in shown
    )
    ratios = [found["ratio"] for figures in results.values() for found in figures.values()]
    text = _PUBLISHED.format(**facts, rows=rows, least=1 / max(ratios), most=1 / min(ratios))
    before, _, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, marker, after = rest.partition(end)
    if not marker:
        message = f"{readme} has no place between {begin} and {end}."
        raise ValueError(message)
    readme.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")


def write(folder: Path, results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Write `latest.json` and `latest.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.json").write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    mpl.use("Agg")
    codes = [code for code in (operation.code for operation in OPERATIONS) if any(code in f for f in results.values())]
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    width = 0.8 / len(results)
    for number, (database, figures) in enumerate(results.items()):
        heights = [figures[code]["ratio"] for code in codes]
        errors = [
            [figures[code]["ratio"] - figures[code]["ratio_low"] for code in codes],
            [figures[code]["ratio_high"] - figures[code]["ratio"] for code in codes],
        ]
        places = [index + number * width for index in range(len(codes))]
        bars = axes.bar(places, heights, width, yerr=errors, color=_BARS[database], label=database, capsize=2)
        axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=8)
    axes.set_xticks([index + width * (len(results) - 1) / 2 for index in range(len(codes))], codes)
    axes.set_ylabel("requests per second, reference = 1")
    axes.set_ylim(0, 1.05)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "latest.png", dpi=150)
    plt.close(figure)
