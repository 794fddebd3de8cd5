"""The curve of a course and what it came to, over HTTP."""

from typing import Annotated, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.assessments.rules.curve import BaselineRule
from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.endpoint import Endpoint, ReadDb, media_type_for, require
from app.kernel.errors import NotFound
from app.kernel.problems import documented
from app.kernel.records import respond, touch
from app.kernel.schemas import CodeText
from app.outcomes import answers, queries
from app.outcomes.chart import LEAST_WIDTH, MOST_WIDTH, draw
from app.outcomes.schemas import CourseOutcomeRead, TrajectoryRead

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["outcomes"])

MayReadOutcomes = Annotated[Actor, Depends(require("outcome:read"))]
InstrumentWanted = Annotated[CodeText | None, Query(description="A code of GET /v1/instruments.", examples=["PHQ9"])]
RuleWanted = Annotated[
    BaselineRule,
    Query(
        description="Which score is the baseline: the last one on or before the first dose, at most 14 days old, or "
        "the highest one on or before it, which makes response look better.",
        examples=["last_before_first_dose"],
    ),
]
WidthWanted = Annotated[
    int, Query(ge=LEAST_WIDTH, le=MOST_WIDTH, description="How wide the picture is, in pixels.", examples=[320])
]
_PICTURE: Final = "image/svg+xml"
_PICTURE_SCHEMA: Final = {
    "type": "string",
    "maxLength": 1_000_000,
    "description": "The picture, light or dark as the reader's screen is.",
    "examples": ['<svg xmlns="http://www.w3.org/2000/svg" role="img">…</svg>'],
}
_BY_ACCEPT: Final = {"Vary": "Accept"}
# What the picture brings along itself, should somebody open it by itself.
_OWN_STYLE: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
_DEFAULT_RULE: Final = BaselineRule.LAST_BEFORE_FIRST_DOSE


async def _told(
    db: ReadSession, actor: Actor, course_id: UUID, instrument: str | None, rule: BaselineRule
) -> answers.Told:
    found = (await db.execute(*queries.course_with_scores(actor, course_id, instrument))).scalar_one_or_none()
    if found is None:
        raise NotFound
    return answers.Told(orjson.loads(found), rule)


@router.get(
    "/courses/{course_id}/trajectory",
    response_model=TrajectoryRead,
    responses={**documented(NotFound), 200: {"content": {_PICTURE: {"schema": _PICTURE_SCHEMA}}}},
)
async def get_course_trajectory(
    db: ReadDb,
    actor: MayReadOutcomes,
    course_id: UUID,
    instrument: InstrumentWanted = None,
    baseline_rule: RuleWanted = _DEFAULT_RULE,
    width: WidthWanted = 800,
) -> Response:
    """The curve of a course: every score of one instrument with what it counts as, every dose, baseline and bands.

    Without an instrument, the one with the most scores that count; `instruments` says which others there are.
    Ask with `Accept: image/svg+xml` and it is a picture, which names nobody and tells in words what it shows.
    """
    answers.require_instrument(instrument, outcome=False)
    told = await _told(db, actor, course_id, instrument, baseline_rule)
    shown = answers.trajectory(told, instrument)
    if media_type_for(db, _PICTURE) == _PICTURE:
        touch(db, shown)
        return Response(draw(shown, width), headers=_BY_ACCEPT | _OWN_STYLE, media_type=_PICTURE)
    return respond(db, shown, headers=_BY_ACCEPT)


@router.get("/courses/{course_id}/outcome", response_model=CourseOutcomeRead, responses=documented(NotFound))
async def get_course_outcome(
    db: ReadDb,
    actor: MayReadOutcomes,
    course_id: UUID,
    instrument: InstrumentWanted = None,
    baseline_rule: RuleWanted = _DEFAULT_RULE,
) -> Response:
    """What a course came to: response, remission, change, and what is missing, on each instrument or on one.

    Reckoned anew with every request, so it follows whatever is corrected; it names the versions of its rules. Scales
    about the moment, such as CADSS, are no outcomes.
    """
    answers.require_instrument(instrument, outcome=True)
    told = await _told(db, actor, course_id, instrument, baseline_rule)
    return respond(db, answers.course_outcome(told, instrument))
