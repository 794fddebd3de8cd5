"""The picture of a curve: what it shows, to whom, and that it stays readable. None of it needs a database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assessments.catalogue import shipped_instruments
from app.assessments.rules.curve import BaselineRule
from app.assessments.rules.scoring import score_total
from app.kernel.ids import new_id
from app.outcomes.answers import Told, trajectory
from app.outcomes.chart import LEAST_WIDTH, MOST_WIDTH, draw
from app.outcomes.svg import Spot
from app.outcomes.words import description, headline, reduction

Json = dict[str, Any]
SVG = "{http://www.w3.org/2000/svg}"
T0 = datetime(2026, 3, 2, 14, tzinfo=UTC)
WIDTHS = (LEAST_WIDTH, 800, 1200, MOST_WIDTH)


def at(days: float) -> str:
    return (T0 + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def shown(
    scores: Sequence[tuple[float, int | None]],
    doses: Sequence[tuple[float, float | None]] = (),
    *,
    route: str = "intravenous",
    placebo: bool = False,
    instrument: str = "PHQ9",
) -> Json:
    """The answer about a curve: totals and milligrams by days since the first dose."""
    course, scale = str(new_id()), shipped_instruments()[instrument, 1]
    sessions = [
        {
            "id": str(new_id()),
            "course_id": course,
            "number_in_course": number,
            "started_at": at(day),
            "last_dose_at": at(day),
            "drug": "ketamine",
            "route": route,
        }
        for number, (day, _) in enumerate(doses, start=1)
    ]
    given_in = [
        {"session_id": one["id"], "drug": "ketamine", "route": route, "placebo": placebo, "delivered_mg": mg}
        for one, (_, mg) in zip(sessions, doses, strict=True)
    ]
    rows = [
        {
            "id": str(new_id()),
            "course_id": course,
            "session_id": None,
            "instrument": instrument,
            "instrument_version": 1,
            "answered_on": None,
            "assessed_at": at(day),
            "total": total,
            "severity": None if total is None else score_total(scale, Decimal(total)).severity,
            "incomplete": total is None,
            "prorated": False,
            "scoring_version": scale.scoring_version,
            "hours_since_last_dose": None,
            "days_since_last_dose": None,
            "too_soon_after_dose": any(0 < day - dose < 1 for dose, _ in doses),
        }
        for day, total in sorted(scores, key=lambda one: one[0])
    ]
    row = {
        "id": course,
        "patient_id": str(new_id()),
        "starts_on": "2026-03-02",
        "time_zone": "America/New_York",
        "status": "active",
        "doses": sessions,
        "given": given_in,
        "orders": [],
        "weights": [],
        "scores": rows,
        "episode": [],
        "instruments": [{"id": instrument, "scores": len(rows)}] if rows else [],
    }
    return trajectory(Told(row, BaselineRule.LAST_BEFORE_FIRST_DOSE), None)


def picture(of: Json, width: int = 800) -> ET.Element:
    return ET.fromstring(draw(of, width))


def kinds(drawn: ET.Element, kind: str) -> list[ET.Element]:
    return [one for one in drawn.iter() if kind in one.get("class", "").split()]


def texts(drawn: ET.Element) -> list[str]:
    return [one.text or "" for one in drawn.iter(f"{SVG}text")]


TYPICAL = shown(
    [(-0.03, 19), (2.9, 16), (3.15, 6), (6.9, 13), (16.9, 9), (21, None), (24, 4), (38, 6)],
    [(0, 41.2), (3, 41.2), (7, 45.3), (10, 45.3), (14, 49.4)],
)
MANY = shown(
    [(-0.1, 22), *((day * 5 + 2, 4 + day * 7 % 19) for day in range(39))],
    [(n * 6.5, 56 + n % 2 * 28) for n in range(30)],
)
ALL = {
    "typical": TYPICAL,
    "many": MANY,
    "one score": shown([(-0.1, 19)], [(0, 41.2)]),
    "no score": shown([], [(0, 41.2), (3, 41.2)]),
    "nothing": shown([]),
    "no dose": shown([(-1, 19), (3, 17)]),
    "placebo": shown([(-2, 35), (2, 17), (10, 30)], [(0, None)], placebo=True, instrument="MADRS"),
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ALL)
def test_it_is_readable_at_every_width(name: str, width: int) -> None:
    """No text is small, leaves the picture, or lies on another."""
    drawn = picture(ALL[name], width)
    height = float(drawn.get("height", "0"))
    assert (float(drawn.get("width", "0")), drawn.get("viewBox")) == (width, f"0 0 {width} {height:g}")
    boxes = []
    for one in drawn.iter(f"{SVG}text"):
        size = float(one.get("font-size", "0"))
        assert size >= 11, one.text
        spot = Spot(float(one.get("x", "0")), float(one.get("y", "0")), one.get("text-anchor", "start"))
        box = spot.box(one.text or "", size)
        assert box.left >= -1, one.text
        assert box.right <= width + 1, one.text
        assert 0 <= box.top < box.bottom <= height, one.text
        boxes.append((one.text, box))
    for (text, box), (other, other_box) in combinations(boxes, 2):
        assert not box.meets(other_box), f"{text!r} lies on {other!r}"


def test_only_what_counts_is_joined_and_the_rest_is_hollow() -> None:
    drawn = picture(TYPICAL)
    segments = [one for one in kinds(drawn, "line") if one.tag == f"{SVG}line"][:5]
    dots = [one for one in kinds(drawn, "point") if one.find(f"{SVG}title") is not None]
    hollow = [one for one in kinds(drawn, "hollow") if one.find(f"{SVG}title") is not None]
    assert (len(dots), len(hollow)) == (6, 1)
    ends = {(one.get("x1"), one.get("y1")) for one in segments} | {(one.get("x2"), one.get("y2")) for one in segments}
    assert ends == {(one.get("cx"), one.get("cy")) for one in dots}
    # Two sessions lie between 13 and 9, and one of them has no score.
    assert [one.get("stroke-dasharray") is not None for one in segments] == [False, False, True, False, False]
    crosses = [one for one in kinds(drawn, "line") if one.tag == f"{SVG}path" and one.find(f"{SVG}title") is not None]
    assert len(crosses) == 1, "a form without a total has no place on the scale"


def test_higher_totals_stand_higher_and_later_ones_further_right() -> None:
    drawn = picture(TYPICAL)
    dots = [one for one in kinds(drawn, "point") if one.find(f"{SVG}title") is not None]
    across, down = ([float(one.get(axis, "0")) for one in dots] for axis in ("cx", "cy"))
    assert across == sorted(across)
    assert max(down) == down[4], "the lowest total, 4, is drawn lowest"
    assert down[0] == min(down)


def test_baseline_remission_bands_and_doses_are_written() -> None:
    said = texts(picture(TYPICAL, 1200))
    for text in ("baseline 19", "remission below 5", "severe", "moderate", "mild", "41.2", "49.4", "2 Mar 2026"):
        assert text in said
    assert "ketamine, intravenous (IV)" in said
    assert texts(picture(TYPICAL, 320)).count("ketamine IV") == 1


@pytest.mark.parametrize("name", [name for name, of in ALL.items() if of["baseline"] is not None])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_line_across_is_named(name: str, width: int) -> None:
    """Beside the line, or in the legend where the curve leaves no room."""
    said = texts(picture(ALL[name], width))
    for word in ("baseline ", "remission "):
        assert [one for one in said if one.startswith(word)], word


@pytest.mark.parametrize("route", ["intravenous", "intramuscular", "subcutaneous", "sublingual", "oral", "intranasal"])
def test_each_route_has_a_shape_of_its_own(route: str) -> None:
    outlines = {
        other: kinds(picture(shown([], [(0, 40)], route=other)), "dose")[0].get("d")
        for other in ("intravenous", "intramuscular", "subcutaneous", "sublingual", "oral", "intranasal")
    }
    assert list(outlines.values()).count(outlines[route]) == 1


def test_placebo_is_hollow_and_says_so() -> None:
    drawn = picture(ALL["placebo"])
    assert kinds(drawn, "dose") == []
    assert "placebo" in texts(drawn)
    assert "placebo, intravenous (IV)" in texts(drawn)


def test_somebody_who_does_not_see_it_hears_what_it_shows() -> None:
    drawn = picture(TYPICAL)
    assert drawn.get("role") == "img"
    title, desc = (str(drawn.get("aria-labelledby")).split()[i] for i in (0, 1))
    named = {one.get("id"): one.text for one in drawn if one.get("id")}
    assert named[title] == "Patient Health Questionnaire-9 over a course of treatment"
    assert (
        named[desc]
        == description(TYPICAL)
        == (
            "Baseline 19 (moderately severe) on 2 Mar 2026. 5 follow-up scores count. "
            "Lowest 4 (none or minimal) on 26 Mar 2026. Latest 6 (mild) on 9 Apr 2026, 68.4 % lower, response. "
            "1 not counted: incomplete. 1 not counted: too soon after dose. Remission is below 5. "
            "5 sessions with a dose, from 2 Mar 2026 to 16 Mar 2026: intravenous ketamine 41.2 to 49.4 mg."
        )
    )
    other = picture(MANY)
    assert {one.get("id") for one in drawn if one.get("id")}.isdisjoint(
        {one.get("id") for one in other if one.get("id")}
    )


def test_nothing_short_of_half_reads_as_half() -> None:
    assert reduction(Decimal("49.98")) == "49.9 % lower"
    assert reduction(Decimal("50.00")) == "50 % lower"
    assert reduction(Decimal("-12.50")) == "12.5 % higher"


@pytest.mark.parametrize(
    ("scores", "doses", "said"),
    [
        ([], [], "No score yet"),
        ([(-1, 19)], [(0, 40)], "Baseline 19, no follow-up score that counts"),
        ([(0.1, 19)], [(0, 40)], "No follow-up score that counts"),
        ([(7, 9)], [(0, 40)], "latest 9"),
        ([(-1, 18), (7, 9)], [(0, 40)], "18 to 9, 50 % lower, response"),
        ([(-1, 8), (7, 4)], [(0, 40)], "8 to 4, 50 % lower, response, remission"),
        ([(-1, 19), (7, 10)], [(0, 40)], "19 to 10, 47.3 % lower, partial response"),
        ([(-1, 10), (7, 15)], [(0, 40)], "10 to 15, 50 % higher, no response"),
        ([(-1, 0), (7, 3)], [(0, 40)], "0 to 3, remission"),
    ],
)
def test_the_headline_says_what_it_came_to(
    scores: list[tuple[float, int | None]], doses: list[tuple[float, float | None]], said: str
) -> None:
    assert headline(shown(scores, doses)) == said


def test_text_stays_text() -> None:
    """Whatever a code may hold, it is never markup."""
    hostile = shown([(7, 9)], [(0, 40)], route='"><script>alert(1)</script>')
    raw = draw(hostile, 800)
    assert b"<script" not in raw
    assert not list(ET.fromstring(raw).iter(f"{SVG}script"))


def test_it_is_dark_where_the_screen_is_and_light_on_paper() -> None:
    drawn = picture(TYPICAL)
    (style,) = drawn.iter(f"{SVG}style")
    assert "@media screen and (prefers-color-scheme: dark)" in (style.text or "")
    (paper,) = kinds(drawn, "paper")
    assert paper.get("fill") == "#ffffff", "the colours of paper need no style sheet"


totals = st.one_of(st.none(), st.integers(0, 27))


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.tuples(st.integers(-30, 400), totals), max_size=40, unique_by=lambda one: one[0]),
    doses=st.lists(
        st.tuples(st.integers(0, 390), st.one_of(st.none(), st.integers(0, 300))),
        max_size=30,
        unique_by=lambda one: one[0],
    ),
    width=st.integers(LEAST_WIDTH, MOST_WIDTH),
)
def test_whatever_there_is_can_be_drawn(
    scores: list[tuple[float, int | None]], doses: list[tuple[float, float | None]], width: int
) -> None:
    drawn = picture(shown([(day + 0.3, total) for day, total in scores], sorted(doses)), width)
    for one in drawn.iter():
        for axis in ("cx", "x1", "x2"):
            assert -8 <= float(one.get(axis, "0")) <= width
