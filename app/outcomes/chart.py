"""The curve of a course as a picture that is honest in print, in grey, in the dark, and on a small screen.

Only scores that count are joined, and by a broken line where a session between them has no score. Scores that do not
count are hollow and alone. Shape and letters say everything that colour says. Light colours stand on the elements, so
that the picture needs no style sheet; the style sheet only turns them dark where the reader's screen is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.outcomes import words
from app.outcomes.svg import Box, Drawing, Spot, along, text_width

Json = Mapping[str, Any]

LEAST_WIDTH: Final = 320
MOST_WIDTH: Final = 1600
_NARROW: Final = 560

_PAPER, _INK, _QUIET, _LINE, _DOSE = "#ffffff", "#16202b", "#4a5866", "#14506e", "#8a3b0c"
_STYLE: Final = """
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round; }
@media screen and (prefers-color-scheme: dark) {
  .paper { fill: #10171f; } .ink { fill: #e8eef4; } .quiet { fill: #aab8c5; } .band { fill: #9db4c8; }
  .rule { stroke: #52616f; } .mark { stroke: #aab8c5; } .line { stroke: #86c8ea; }
  .point { fill: #86c8ea; stroke: #10171f; }
  .hollow { fill: #10171f; stroke: #86c8ea; } .value { fill: #e8eef4; } .dose { fill: #f0ad72; stroke: #f0ad72; }
  .placebo { fill: #10171f; stroke: #f0ad72; } .stem { stroke: #f0ad72; } .halo { stroke: #10171f; }
}
"""
_STEPS: Final = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1820, 3640)
"""Days from one date on the axis to the next."""
_STEP_OF_YEARS: Final = 182
_STRONGEST_BAND: Final = 0.26  # how dark the highest band is, as opacity
_LANE: Final = 34  # room for the stems of doses
_MOST_VALUES_IN_NARROW: Final = 10
_DASH: Final = {"remission": "7 4", "baseline": "2 3", "gap": "3 4"}


@dataclass(frozen=True)
class _Plot:
    """Where things are: the plot's edges, and the scales of time and total."""

    width: float
    left: float
    right: float
    top: float
    bottom: float
    begins: datetime
    ends: datetime
    minimum: float
    maximum: float
    zone: ZoneInfo
    day_one: date
    is_empty: bool

    @property
    def is_narrow(self) -> bool:
        """Whether there is room for little."""
        return self.width < _NARROW

    @property
    def size(self) -> float:
        """The size of usual letters."""
        return 11 if self.is_narrow else 12

    def x(self, instant: datetime) -> float:
        """Where an instant is."""
        share = (instant - self.begins) / (self.ends - self.begins)
        return self.left + share * (self.right - self.left)

    def y(self, total: float) -> float:
        """Where a total is."""
        share = (float(total) - self.minimum) / (self.maximum - self.minimum)
        return self.bottom - share * (self.bottom - self.top)


def draw(shown: Json, width: int) -> bytes:
    """Draw the answer about a trajectory.

    Args:
        shown: As `answers.trajectory` makes it.
        width: In pixels, from `LEAST_WIDTH` to `MOST_WIDTH`.
    """
    plot = _plot(shown, width)
    axis = plot.bottom + _LANE + (34 if plot.is_narrow else 36)
    drawing = Drawing.begin(width)
    _name(drawing, shown)
    drawing.add("rect", width=width, height="100%", fill=_PAPER, kind="paper")
    _head(drawing, plot, shown)
    _bands(drawing, plot, shown)
    _lane(drawing, plot, shown["sessions"])
    _dates(drawing, plot, axis)
    _thresholds(drawing, plot, shown)
    unnamed = _curve(drawing, plot, shown)
    rows = _rows(plot, [*_entries(shown, narrow=plot.is_narrow), *unnamed])
    _legend(drawing, plot, rows, axis + 24)
    drawing.end(axis + 24 + 18 * len(rows) + 6)
    return drawing.to_bytes()


def _plot(shown: Json, width: int) -> _Plot:
    instants = [_instant(point["assessed_at"]) for point in shown["points"]]
    instants += [_instant(one["started_at"]) for one in shown["sessions"]]
    begins = min(instants, default=datetime(2000, 1, 1, tzinfo=UTC))
    ends = max(instants, default=begins)
    # A day before and after at least, and a little air.
    air = max((ends - begins) * 0.04, timedelta(days=1))
    narrow, zone = width < _NARROW, ZoneInfo(shown["time_zone"])
    scale = shown["scale"]
    totals = None if scale is None or scale["maximum"] is None else (float(scale["minimum"]), float(scale["maximum"]))
    height = (190 if narrow else min(380, 170 + width * 0.15)) if totals else 12
    return _Plot(
        width=width,
        left=30 if narrow else 40,
        right=width - (78 if narrow else 140),
        top=54 if narrow else 62,
        bottom=(54 if narrow else 62) + height,
        begins=begins - air,
        ends=ends + air,
        minimum=totals[0] if totals else 0,
        maximum=totals[1] if totals else 1,
        zone=zone,
        day_one=(begins if shown["first_dose_at"] is None else _instant(shown["first_dose_at"]))
        .astimezone(zone)
        .date(),
        is_empty=not instants,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# ── around the plot ──────────────────────────────────────────────────────────────────────────────────────────────────


def _name(drawing: Drawing, shown: Json) -> None:
    """Say what the picture is and shows, for those who do not see it."""
    # Several pictures may stand on one page, and ids must not meet.
    mark = sha256(f"{shown['course_id']}{words.title(shown)}".encode()).hexdigest()[:12]
    root = drawing.root
    root.set("role", "img")
    root.set("aria-labelledby", f"title-{mark} desc-{mark}")
    root.set("lang", "en")
    drawing.add("title", words.title(shown), id=f"title-{mark}")
    drawing.add("desc", words.description(shown), id=f"desc-{mark}")
    drawing.add("style", _STYLE)


def _head(drawing: Drawing, plot: _Plot, shown: Json) -> None:
    scale = shown["scale"]
    name = "Scores" if scale is None else scale["name"]
    size = 14 if plot.is_narrow else 17
    if scale is not None and text_width(name, size) > plot.width - 20:
        name = scale["instrument"]
    drawing.add("text", name, x=10, y=22, font_size=size, font_weight="600", fill=_INK, kind="ink")
    drawing.add("text", words.headline(shown), x=10, y=41, font_size=plot.size + 1, fill=_QUIET, kind="quiet")
    drawing.take([Box(0, 0, plot.width, plot.top - 8)])


def _bands(drawing: Drawing, plot: _Plot, shown: Json) -> None:
    """Lay the bands behind everything, their names beside them, and the totals where one ends."""
    scale = shown["scale"]
    if scale is None or scale["maximum"] is None:
        return
    bands = scale["bands"] or [{"label": "", "minimum": scale["minimum"], "maximum": scale["maximum"]}]
    edges = [float(one["minimum"]) for one in bands] + [plot.maximum]
    for number, (one, (low, high)) in enumerate(zip(bands, pairwise(edges), strict=True), start=1):
        top, bottom = plot.y(high), plot.y(low)
        share = _STRONGEST_BAND * (number - 0.5) / len(bands)
        drawing.add("rect", x=plot.left, y=top, width=plot.right - plot.left, height=bottom - top,
                    fill="#6b8296", fill_opacity=f"{share:.3f}", kind="band")  # fmt: skip
        _band_name(drawing, plot, words.band(one["label"]), (top + bottom) / 2, bottom - top)
    for edge in edges:
        drawing.add("line", x1=plot.left, x2=plot.right, y1=plot.y(edge), y2=plot.y(edge),
                    stroke="#8796a5", stroke_width=0.5, kind="rule")  # fmt: skip
        spot = Spot(plot.left - 5, plot.y(edge) + plot.size * 0.35, "end")
        drawing.write_where_free(words.number(edge), [spot], plot.size, "quiet", fill=_QUIET)


def _band_name(drawing: Drawing, plot: _Plot, name: str, middle: float, height: float) -> None:
    room, x = plot.width - plot.right - 8, plot.right + 6
    lines = [name]
    if text_width(name, plot.size) > room and " " in name and height >= 2 * plot.size:
        lines = list(_halves(name))
    if height < plot.size * len(lines) * 0.9:
        return
    first = middle + plot.size * 0.35 - (len(lines) - 1) * plot.size * 0.55
    for number, line in enumerate(lines):
        drawing.write(line, Spot(x, first + number * plot.size * 1.1, "start"), plot.size, "quiet", fill=_QUIET)


def _halves(name: str) -> tuple[str, str]:
    """A name in two lines of about the same length."""
    parts = name.split(" ")
    cut = min(range(1, len(parts)), key=lambda at: abs(len(" ".join(parts[:at])) - len(" ".join(parts[at:]))))
    return " ".join(parts[:cut]), " ".join(parts[cut:])


def _dates(drawing: Drawing, plot: _Plot, axis: float) -> None:
    """Write days below the lane, as many as there is room for."""
    begins, ends = plot.begins.astimezone(plot.zone).date(), plot.ends.astimezone(plot.zone).date()
    room = (plot.right - plot.left) / (plot.size * 6.2)
    step = next((days for days in _STEPS if (ends - begins).days / days <= room), _STEPS[-1])
    # Counted from the first dose, so that weeks of treatment can be read off.
    on, year = plot.day_one - timedelta(days=(plot.day_one - begins).days // step * step), 0
    drawing.add("line", x1=plot.left, x2=plot.right, y1=axis - 14, y2=axis - 14, stroke="#8796a5", kind="rule")
    if plot.is_empty:
        return
    while on <= ends:
        x = plot.x(datetime(on.year, on.month, on.day, 12, tzinfo=plot.zone))
        text = words.day(on, year=step >= _STEP_OF_YEARS or (on.year != year and not plot.is_narrow))
        if plot.left <= x <= plot.right:
            drawing.add("line", x1=x, x2=x, y1=axis - 14, y2=axis - 10, stroke="#8796a5", kind="rule")
            if drawing.write_where_free(text, [Spot(x, axis + 1)], plot.size, "quiet", fill=_QUIET):
                year = on.year
        on += timedelta(days=step)


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lane(drawing: Drawing, plot: _Plot, sessions: Sequence[Json]) -> None:
    """Stand each session on the time axis: its shape is the route, its height and number the milligrams."""
    floor = plot.bottom + _LANE + 4
    highest = max((float(one["delivered_mg"]) for one in sessions if one["delivered_mg"] is not None), default=0)
    spots: list[tuple[float, Json]] = []
    for one in sessions:
        x, mg = plot.x(_instant(one["started_at"])), one["delivered_mg"]
        head = floor - (8 + (_LANE - 14) * float(mg) / highest if mg is not None and highest else 8)
        drawing.add("line", x1=x, x2=x, y1=plot.top, y2=plot.bottom, stroke="#8796a5", stroke_width=0.5,
                    stroke_dasharray="1 4", kind="rule")  # fmt: skip
        drawing.add("line", x1=x, x2=x, y1=head, y2=floor, stroke=_DOSE, stroke_width=1.5, kind="stem")
        _shape(drawing, x, head, one, _told(one, plot.zone))
        spots.append((x, one))
    drawing.add("line", x1=plot.left, x2=plot.right, y1=floor, y2=floor, stroke="#8796a5", kind="rule")
    drawing.take([Box(plot.left, plot.bottom + 1, plot.right, floor - 1)])
    drawing.write("dose, mg", Spot(plot.right + 6, floor, "start"), plot.size, "quiet", fill=_QUIET)
    for x, one in _most_telling_first(spots):
        text = "?" if one["delivered_mg"] is None else words.number(one["delivered_mg"])
        spot = Spot(x, floor + plot.size + 2)
        drawing.write_where_free("placebo" if one["placebo"] else text, [spot], plot.size, "value", fill=_INK)


def _most_telling_first(spots: Sequence[tuple[float, Json]]) -> Iterator[tuple[float, Json]]:
    """First and last, then where the dose became another, then the rest."""
    yield from spots[:1]
    yield from spots[-1:]
    yield from (two for one, two in pairwise(spots) if one[1]["delivered_mg"] != two[1]["delivered_mg"])
    yield from spots[1:-1]


def _told(one: Json, zone: ZoneInfo) -> str:
    on = _instant(one["started_at"]).astimezone(zone).date()
    mg = "" if one["delivered_mg"] is None else f", {words.number(one['delivered_mg'])} mg"
    return f"Session {one['number']}, {words.day(on)}: {words.kind(one)}{mg}"


_SHAPES: Final[Mapping[str, str]] = {
    "intravenous": "M0 5 L5 -4 L-5 -4 Z",
    "intramuscular": "M-4.5 -4.5 H4.5 V4.5 H-4.5 Z",
    "subcutaneous": "M0 -6 L6 0 L0 6 L-6 0 Z",
    "sublingual": "M-5 0 A5 5 0 1 1 5 0 A5 5 0 1 1 -5 0 Z",
    "oral": "M-2 -6 H2 V-2 H6 V2 H2 V6 H-2 V2 H-6 V-2 H-2 Z",
    "intranasal": "M0 -5 L5 4 L-5 4 Z",
}
_OTHER_SHAPE: Final = "M-6 -2.5 H6 V2.5 H-6 Z"


def _shape(drawing: Drawing, x: float, y: float, one: Json, title: str | None = None) -> None:
    drawing.add(
        "path",
        title=title,
        d=_SHAPES.get(one["route"], _OTHER_SHAPE),
        transform=f"translate({x:.1f} {y:.1f})",
        fill=_PAPER if one["placebo"] else _DOSE,
        stroke=_DOSE,
        stroke_width=1.5 if one["placebo"] else 0.5,
        kind="placebo" if one["placebo"] else "dose",
    )


# ── scores ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _thresholds(drawing: Drawing, plot: _Plot, shown: Json) -> None:
    """Draw baseline and remission as lines; their names are written once the curve has its place."""
    scale, baseline = shown["scale"], shown["baseline"]
    remission = None if scale is None else scale["cut_offs"]["remission"]
    for total, dash in ((remission and remission["value"], "remission"), (baseline and baseline["total"], "baseline")):
        if total is not None:
            y = plot.y(total)
            drawing.add("line", x1=plot.left, x2=plot.right, y1=y, y2=y, stroke=_QUIET, stroke_width=1.2,
                        stroke_dasharray=_DASH[dash], kind="mark")  # fmt: skip


def _curve(drawing: Drawing, plot: _Plot, shown: Json) -> list["_Entry"]:
    """Draw the scores; what is left for the legend are the lines whose names found no room beside them."""
    points = [point for point in shown["points"] if point["total"] is not None]
    joined = [point for point in points if point["counts_as"] != "nothing"]
    for one, other in pairwise(joined):
        start, end = _place(plot, one), _place(plot, other)
        _segment(drawing, start, end, is_broken=_skips(one, other, shown["sessions"]))
        drawing.take(along(start, end))
    radius = 3.2 if len(points) > 25 or plot.is_narrow else 4.5  # noqa: PLR2004  # where points begin to touch
    for point in points:
        x, y = _place(plot, point)
        hollow = point["counts_as"] == "nothing"
        _dot(drawing, x, y, radius, hollow=hollow, title=_said(plot, point))
        drawing.take([Box(x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1)])
    for point in shown["points"]:
        if point["total"] is None:
            _cross(drawing, plot.x(_instant(point["assessed_at"])), plot.bottom - 6, _said(plot, point))
    unnamed = _line_names(drawing, plot, shown)
    _values(drawing, plot, joined, radius)
    return unnamed


def _skips(one: Json, other: Json, sessions: Sequence[Json]) -> bool:
    """Whether a session between two scores that follow each other has no score of its own."""
    return (
        sum(
            _instant(one["assessed_at"]) <= _instant(s["started_at"]) < _instant(other["assessed_at"]) for s in sessions
        )
        > 1
    )


def _segment(drawing: Drawing, start: tuple[float, float], end: tuple[float, float], *, is_broken: bool) -> None:
    dash = {"stroke_dasharray": _DASH["gap"]} if is_broken else {}
    drawing.add("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], stroke=_LINE, stroke_width=2.2,
                stroke_linecap="round", kind="line", **dash)  # fmt: skip


def _place(plot: _Plot, point: Json) -> tuple[float, float]:
    return plot.x(_instant(point["assessed_at"])), plot.y(point["total"])


def _dot(drawing: Drawing, x: float, y: float, radius: float, *, hollow: bool, title: str | None = None) -> None:
    if hollow:
        drawing.add("circle", title=title, cx=x, cy=y, r=radius, fill=_PAPER, stroke=_LINE, stroke_width=1.6,
                    kind="hollow")  # fmt: skip
    else:
        drawing.add("circle", title=title, cx=x, cy=y, r=radius, fill=_LINE, stroke=_PAPER, stroke_width=1.2,
                    kind="point")  # fmt: skip


def _cross(drawing: Drawing, x: float, y: float, title: str | None = None) -> None:
    drawing.add("path", title=title, d="M-4 -4 L4 4 M-4 4 L4 -4", transform=f"translate({x:.1f} {y:.1f})",
                stroke=_LINE, stroke_width=1.8, kind="line", fill="none")  # fmt: skip


def _said(plot: _Plot, point: Json) -> str:
    total = "no total" if point["total"] is None else words.number(point["total"])
    band = f", {words.band(point['severity'])}" if point["severity"] else ""
    why = point["not_counted_because"]
    return f"{words.day(words.local_day(point, plot.zone))}: {total}{band}" + (
        f"; not counted: {why.replace('_', ' ')}" if why else ""
    )


def _line_names(drawing: Drawing, plot: _Plot, shown: Json) -> list["_Entry"]:
    """Write the names of the lines where there is room; the others are for the legend."""
    scale, baseline = shown["scale"], shown["baseline"]
    named: list[tuple[float, str, str]] = []
    if baseline is not None:
        named.append((baseline["total"], f"baseline {words.number(baseline['total'])}", "baseline"))
    if scale is not None and scale["cut_offs"]["remission"] is not None:
        remission = scale["cut_offs"]["remission"]
        named.append((remission["value"], f"remission {words.cut_off(remission)}", "remission"))
    unnamed: list[_Entry] = []
    for total, name, dash in named:
        y = plot.y(total)
        above, below = y - 4, y + plot.size
        places = ((plot.right - 3, "end"), (plot.left + 4, "start"), ((plot.left + plot.right) / 2, "middle"))
        spots = [Spot(x, at, anchor) for x, anchor in places for at in (above, below)]
        if not drawing.write_where_free(name, spots, plot.size, "quiet halo", fill=_QUIET):
            unnamed.append((name, partial(_mark, dash=dash)))
    drawing.take(Box(plot.left, plot.y(total) - 1, plot.right, plot.y(total) + 1) for total, *_ in named)
    return unnamed


def _mark(drawing: Drawing, x: float, y: float, *, dash: str) -> None:
    """A piece of a line across the plot, as its sign."""
    drawing.add("line", x1=x - 8, x2=x + 6, y1=y, y2=y, stroke=_QUIET, stroke_width=1.2,
                stroke_dasharray=_DASH[dash], kind="mark")  # fmt: skip


def _values(drawing: Drawing, plot: _Plot, joined: Sequence[Json], radius: float) -> None:
    """Write totals beside their points: the latest, the first, the lowest, and the others where there is room."""
    size = plot.size + (0 if plot.is_narrow else 1)
    telling = [*joined[-1:], *joined[:1], *([min(joined, key=lambda one: one["total"])] if joined else [])]
    if not plot.is_narrow or len(joined) <= _MOST_VALUES_IN_NARROW:
        telling += joined
    written: set[str] = set()
    for point in telling:
        if point["assessment_id"] in written:
            continue
        written.add(point["assessment_id"])
        x, y = _place(plot, point)
        spots = [
            Spot(x, y - radius - 6),
            Spot(x, y + radius + size),
            Spot(x + radius + 4, y + size * 0.35, "start"),
            Spot(x - radius - 4, y + size * 0.35, "end"),
        ]
        drawing.write_where_free(words.number(point["total"]), spots, size, "value halo", fill=_INK)


# ── legend ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_Sign = Callable[[Drawing, float, float], None]
_Entry = tuple[str, _Sign]


def _entries(shown: Json, *, narrow: bool) -> Iterator[_Entry]:
    """What there is to explain: a name, and what draws its sign at a place."""
    uses = {point["counts_as"] if point["total"] is not None else "none" for point in shown["points"]}
    joined = [point for point in shown["points"] if point["counts_as"] != "nothing"]
    if joined:
        yield "score", partial(_dot, radius=4, hollow=False)
    if any(_skips(one, other, shown["sessions"]) for one, other in pairwise(joined)):
        yield "a session without a score between", _gap
    if "nothing" in uses:
        yield "not counted", partial(_dot, radius=4, hollow=True)
    if "none" in uses:
        yield "form without a total", _cross
    seen: set[str] = set()
    for one in shown["sessions"]:
        name = _kind(one, narrow=narrow)
        if name not in seen:
            seen.add(name)
            yield name, partial(_shape, one=one)


def _gap(drawing: Drawing, x: float, y: float) -> None:
    _segment(drawing, (x - 7, y), (x + 7, y), is_broken=True)


def _kind(one: Json, *, narrow: bool) -> str:
    given, short = "placebo" if one["placebo"] else one["drug"], words.ROUTES.get(one["route"])
    if short is None:
        return f"{given}, {one['route']}"
    return f"{given} {short}" if narrow else f"{given}, {one['route']} ({short})"


def _rows(plot: _Plot, entries: Sequence[_Entry]) -> list[list[tuple[float, _Entry]]]:
    """Break the legend into rows that fit."""
    rows: list[list[tuple[float, _Entry]]] = []
    x = plot.width
    for entry in entries:
        wide = 22 + text_width(entry[0], plot.size) + 10
        if x + wide > plot.width:
            rows.append([])
            x = 10.0
        rows[-1].append((x, entry))
        x += wide
    return rows


def _legend(drawing: Drawing, plot: _Plot, rows: Sequence[Sequence[tuple[float, _Entry]]], top: float) -> None:
    for number, row in enumerate(rows):
        y = top + number * 18
        for x, (name, sign) in row:
            sign(drawing, x + 7, y - 4)
            drawing.write(name, Spot(x + 18, y, "start"), plot.size, "quiet", fill=_QUIET)
