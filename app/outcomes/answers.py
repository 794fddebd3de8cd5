"""From what the database tells of a course to what is answered about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from app.assessments.catalogue import outcome_definitions, shipped_instruments
from app.assessments.rules.curve import (
    Baseline,
    BaselineRule,
    Course,
    Curve,
    Dose,
    Point,
    draw_curve,
    why_no_outcome,
)
from app.assessments.rules.files import latest
from app.assessments.rules.instrument import Instrument
from app.assessments.told import as_course, as_doses, as_score, instrument_of
from app.dosing.rules import actual_mg_per_kg, summed_mg
from app.kernel.errors import BadRequest, Fault
from app.outcomes.rules import sum_up

Json = dict[str, Any]

_SCORE_MEMBERS: Final = ("assessed_at", "answered_on", "total", "severity", "scoring_version")
_SINCE_DOSE: Final = ("hours_since_last_dose", "days_since_last_dose")
_FLAGS: Final = ("session_id", "incomplete", "prorated", "too_soon_after_dose")
_CHANGE_RULES: Final = (
    "partial_response_percent",
    "reliable_points",
    "mcid_points",
    "mcid_percent",
    "deterioration_points",
    "relapse_from",
)


@dataclass(frozen=True)
class Told:
    """What the database tells of a course, and by which rule its baseline is to be chosen."""

    row: Json
    rule: BaselineRule

    @property
    def course(self) -> Course:
        """The course as the rules need it."""
        return as_course(self.row, self.row["episode"])

    @property
    def doses(self) -> list[Dose]:
        """Every session of the patient with a dose, in time."""
        return as_doses(self.row["doses"])

    def scores(self, code: str) -> dict[UUID, Json]:
        """The patient's scores of one instrument as rows, by id, in time."""
        return {UUID(one["id"]): one for one in self.row["scores"] if one["instrument"] == code}


@dataclass(frozen=True)
class _Drawn:
    """A curve with the instrument it is drawn on and the rows of its scores."""

    instrument: Instrument
    curve: Curve
    rows: Mapping[UUID, Json]


def require_instrument(code: str | None, *, outcome: bool) -> None:
    """Refuse an instrument that is none, or that is no outcome where one is asked for.

    Raises:
        BadRequest: no such instrument, or one about the moment.
    """
    if code is None:
        return
    instrument = latest(shipped_instruments(), code)
    if instrument is None:
        raise _refused("unknown_instrument", "There is no such instrument; GET /v1/instruments lists them.")
    if instrument.total is None:
        raise _refused("no_total", "It comes to no number, so there is no curve of it.")
    if outcome and (reason := why_no_outcome(instrument)) is not None:
        raise _refused(reason, "It rates the moment or screens, and says nothing about an outcome.")


def _refused(code: str, detail: str) -> BadRequest:
    return BadRequest(faults=[Fault(code, detail, parameter="instrument", location="query")])


# ── the curve ────────────────────────────────────────────────────────────────────────────────────────────────────────


def trajectory(told: Told, code: str | None) -> Json:
    """The answer about a course's curve; without a code, of the outcome that was scored most."""
    drawn = _chosen(told) if code is None else _draw(told, code)
    sessions = _sessions(told)
    curve = None if drawn is None else drawn.curve
    return {
        "object": "trajectory",
        "course_id": told.row["id"],
        "patient_id": told.row["patient_id"],
        "time_zone": told.row["time_zone"],
        "rule_version": outcome_definitions().rule_version,
        "baseline_rule": told.rule,
        "instruments": [_counted(one) for one in told.row["instruments"]],
        "scale": None if drawn is None else _scale(drawn.instrument),
        "first_dose_at": sessions[0]["started_at"] if sessions else None,
        "baseline": None if drawn is None or curve is None else _baseline(drawn, curve.baseline),
        "points": [] if drawn is None or curve is None else [_point(drawn, point) for point in curve.points],
        "sessions": sessions,
    }


def _chosen(told: Told) -> _Drawn | None:
    """The curve with the most scores that count, then with the most scores."""
    drawn = [
        found
        for one in told.row["instruments"]
        if (found := _draw(told, one["id"])).instrument.total is not None  # a screener with tiers draws no curve
    ]
    return max(drawn, key=lambda one: (len(one.curve.counted), len(one.curve.points)), default=None)


def _draw(told: Told, code: str) -> _Drawn:
    rows = told.scores(code)
    instrument = instrument_of(code, list(rows.values()))
    scores = [as_score(row) for row in rows.values()]
    return _Drawn(
        instrument,
        draw_curve(outcome_definitions(), instrument, told.course, told.doses, scores, told.rule),
        rows,
    )


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _counted(one: Json) -> Json:
    instrument = _newest(one["id"])
    return {
        "instrument": instrument.code,
        "name": instrument.name,
        "scores": one["scores"],
        "is_outcome": instrument.is_outcome,
    }


def _newest(code: str) -> Instrument:
    instrument = latest(shipped_instruments(), code)
    assert instrument is not None
    return instrument


def _scale(instrument: Instrument) -> Json:
    assert instrument.total is not None
    remission = instrument.remission
    change = {name: getattr(instrument.change, name) for name in _CHANGE_RULES}
    return {
        "instrument": instrument.code,
        "name": instrument.name,
        "scoring_version": instrument.scoring_version,
        "minimum": instrument.total.minimum,
        "maximum": instrument.total.maximum,
        "bands": [
            {"label": band.label, "minimum": band.minimum, "maximum": band.maximum}
            for band in instrument.severity.bands
        ],
        "bands_source": instrument.severity.source,
        "cut_offs": {
            "response_percent": None
            if instrument.response is None
            else {"value": instrument.response.reduction_percent, "source": instrument.response.source},
            "remission": None
            if remission is None
            else {"operator": remission.operator, "value": remission.value, "source": remission.source},
            **{
                name: None if one is None else {"value": one.value, "source": one.source}
                for name, one in change.items()
            },
        },
    }


def _placed(row: Json) -> Json:
    return {"assessment_id": row["id"], **{name: row[name] for name in _SCORE_MEMBERS}}


def _baseline(drawn: _Drawn, baseline: Baseline | None) -> Json | None:
    if baseline is None:
        return None
    return _placed(drawn.rows[baseline.score.id]) | {
        "rule": baseline.rule,
        "days_before_first_dose": baseline.days_before_first_dose,
        "carried_from_course_id": baseline.carried_from_course_id,
    }


def _judged(drawn: _Drawn, point: Point | None) -> Json | None:
    if point is None:
        return None
    row, judged = drawn.rows[point.score.id], point.judged
    return (
        _placed(row)
        | {name: row[name] for name in _SINCE_DOSE}
        | {name: getattr(judged, name) for name in judged.__dataclass_fields__}
    )


def _point(drawn: _Drawn, point: Point) -> Json:
    row, after = drawn.rows[point.score.id], point.after
    judged = _judged(drawn, point)
    assert judged is not None
    return (
        judged
        | {name: row[name] for name in _FLAGS}
        | {
            "after_session_id": None if after is None else after.session_id,
            "after_session_number": None if after is None else after.number,
            "counts_as": point.counts_as,
            "not_counted_because": point.because,
        }
    )


# ── the sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _sessions(told: Told) -> list[Json]:
    """The course's sessions with a dose, in time."""
    row = told.row
    given: dict[str, list[Json]] = {}
    for one in row["given"]:
        given.setdefault(one["session_id"], []).append(one)
    ordered = {one["session_id"]: one["weight_kg"] for one in row["orders"]}
    return [
        _session(one, given.get(one["id"], []), ordered.get(one["id"]) or _weight(row["weights"], one["started_at"]))
        for one in row["doses"]
        if one["course_id"] == row["id"]
    ]


def _session(dose: Json, given: Sequence[Json], weight_kg: float | None) -> Json:
    drug = [one for one in given if not one["placebo"]]
    delivered = summed_mg([_exact(one["delivered_mg"]) for one in drug])
    first = given[0] if given else dose
    per_kg = None
    if delivered is not None and weight_kg is not None:
        per_kg = actual_mg_per_kg(delivered, Decimal(str(weight_kg)))
    return {
        "session_id": dose["id"],
        "number": dose["number_in_course"],
        "started_at": dose["started_at"],
        "last_dose_at": dose["last_dose_at"],
        "drug": first["drug"],
        "route": first["route"],
        "placebo": bool(given) and not drug,
        "delivered_mg": delivered,
        "weight_kg": weight_kg,
        "delivered_mg_per_kg": per_kg,
    }


def _weight(weights: Sequence[Json], started_at: str) -> float | None:
    """The last weight measured before a dose."""
    begun = datetime.fromisoformat(started_at)
    before = [one["weight_kg"] for one in weights if datetime.fromisoformat(one["measured_at"]) <= begun]
    return before[-1] if before else None


# ── the outcome ──────────────────────────────────────────────────────────────────────────────────────────────────────


def course_outcome(told: Told, code: str | None) -> Json:
    """The answer about what a course came to, on one instrument or on all that are outcomes."""
    definitions, sessions = outcome_definitions(), _sessions(told)
    counted = {one["id"]: _counted(one) for one in told.row["instruments"]}
    codes = [one for one, facts in counted.items() if facts["is_outcome"]] if code is None else [code]
    return {
        "object": "course_outcome",
        "course_id": told.row["id"],
        "patient_id": told.row["patient_id"],
        "time_zone": told.row["time_zone"],
        "rule_version": definitions.rule_version,
        "definitions": dict(definitions.sources),
        "baseline_rule": told.rule,
        "first_dose_at": sessions[0]["started_at"] if sessions else None,
        "sessions_given": len(sessions),
        "instruments": [_on_instrument(told, _draw(told, one), sessions) for one in codes],
        "not_outcomes": [
            {"instrument": one, "reason": why_no_outcome(_newest(one))}
            for one, facts in counted.items()
            if not facts["is_outcome"]
        ],
    }


def _on_instrument(told: Told, drawn: _Drawn, sessions: Sequence[Json]) -> Json:
    curve = drawn.curve
    came_to = sum_up(outcome_definitions(), drawn.instrument, told.course, curve)
    first = came_to.first_response
    counts = (
        "windows_answered", "windows_missing", "windows_open", "scores", "scores_counted", "scores_too_soon",
        "scores_incomplete",
    )  # fmt: skip
    return {
        "scale": _scale(drawn.instrument),
        "baseline": _baseline(drawn, curve.baseline),
        "latest": _judged(drawn, came_to.latest),
        "best": _judged(drawn, came_to.best),
        "first_response": None
        if first is None
        else {"assessment_id": first.point.score.id, "days": first.days, "sessions": first.sessions},
        "sustained_response": came_to.sustained_response,
        "relapse": came_to.relapse,
        "relapse_assessment_id": None if came_to.relapsed is None else came_to.relapsed.score.id,
        **{name: getattr(came_to, name) for name in counts},
        "sessions": [
            session
            | {
                "window": window.state,
                "nearest_assessment_id": window.points[0].score.id if window.points else None,
                "scores": [_judged(drawn, point) for point in window.points],
            }
            for session, window in zip(sessions, curve.windows, strict=True)
        ],
    }
