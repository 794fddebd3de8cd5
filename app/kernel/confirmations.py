"""One form of "are you sure?": a conflict that lists what looks wrong, and the same request again with its codes.

Nothing is stored by the first request. A confirmation covers exactly the codes it names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.kernel.errors import Conflict
from app.kernel.schemas import CodeText, RequestSchema


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that looks wrong: a code to confirm, where it is, a sentence for people."""

    code: str
    pointer: str
    detail: str


class ConfirmationRequired(Conflict):
    """The request may be right, but somebody has to say so."""

    code = "confirmation-required"
    title = "Are you sure? Send it again with `confirm`"


class Confirmable(RequestSchema):
    """A request that may have to be confirmed."""

    confirm: Annotated[list[CodeText], Field(max_length=20)] = Field(
        default=[],
        description="Codes of the confirmations you give, from a `confirmation-required` answer.",
        examples=[[]],
    )


def require_confirmed(doubts: Iterable[Doubt], confirmed: Sequence[str]) -> None:
    """Refuse until every doubt is confirmed.

    Raises:
        ConfirmationRequired: listing the doubts that are not.
    """
    open_doubts = [doubt for doubt in doubts if doubt.code not in confirmed]
    if open_doubts:
        listed = [{"code": d.code, "pointer": d.pointer, "detail": d.detail} for d in open_doubts]
        raise ConfirmationRequired(
            "Check what is listed; if it is right, confirm it.", members={"confirmations": listed}
        )
