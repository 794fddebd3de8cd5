"""Signatures over HTTP."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.endpoint import Endpoint, IfMatch, WriteDb, require
from app.kernel.errors import NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.problems import documented
from app.kernel.record_routes import add_reads
from app.kernel.records import Resource, register
from app.sessions.rules import IllegalTransition
from app.treatment.chairside.schemas import SessionNextRead
from app.treatment.signatures import actions, queries
from app.treatment.signatures.models import Signature
from app.treatment.signatures.rules import AlreadySigner, NotSignable
from app.treatment.signatures.schemas import AmendSession, CosignSession, SignatureRead, SignSession
from app.treatment.visits.answers import acted

router: Final = APIRouter(prefix="/v1", route_class=Endpoint, tags=["sessions"])

MaySign = Annotated[Actor, Depends(require("session:sign", step_up=True))]
MayCosign = Annotated[Actor, Depends(require("session:cosign", step_up=True))]

SIGNATURE: Final = register(Resource(Signature, SignatureRead, "session:read", queries.visible_signatures))
_VERB: Final = (NotFound, IllegalTransition, PreconditionFailed, PreconditionRequired)


@router.post("/sessions/{session_id}/sign", response_model=SessionNextRead, responses=documented(*_VERB, NotSignable))
async def sign_session(db: WriteDb, actor: MaySign, session_id: UUID, body: SignSession, if_match: IfMatch) -> Response:
    """Sign a session that is over, or open to an amendment: everything in it is frozen in the version it has.

    What comes later is accepted as records of their own that say `after_signature`. The signature itself is in the
    session's record.
    """
    signed = await actions.sign_session(db, actor, session_id, body.meaning, if_match)
    return await acted(db, actor, signed)


@router.post(
    "/sessions/{session_id}/cosign", response_model=SessionNextRead, responses=documented(*_VERB, AlreadySigner)
)
async def cosign_session(
    db: WriteDb, actor: MayCosign, session_id: UUID, body: CosignSession, if_match: IfMatch
) -> Response:
    """Sign beside somebody: a second person's signature of the very same records."""
    signed = await actions.cosign_session(db, actor, session_id, body.meaning, if_match)
    return await acted(db, actor, signed)


@router.post("/sessions/{session_id}/amend", response_model=SessionNextRead, responses=documented(*_VERB))
async def amend_session(
    db: WriteDb, actor: MaySign, session_id: UUID, body: AmendSession, if_match: IfMatch
) -> Response:
    """Open a signed session, with the reason: correct what is wrong as ever, then sign it again.

    It stays signed, with the mark `amended` and `amendment_opened_at`. The signature that closes the amendment takes
    the place of those before it, which stay with the versions they cover. Without the permission `session:amend` you
    amend what you signed yourself.
    """
    amended = await actions.amend_session(db, actor, session_id, body.reason, if_match)
    return await acted(db, actor, amended)


add_reads(router, SIGNATURE, path="/signatures", singular="signature", title="one signature")
