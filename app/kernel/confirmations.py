"""One form of "are you sure?": a conflict that lists what looks wrong, and the same request again with its codes.

Nothing is stored by the first request. A confirmation covers exactly the codes it names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

from pydantic import Field

from app.kernel.errors import Conflict
from app.kernel.schemas import CodeText, RequestSchema


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that looks wrong: a code to confirm, where it is, a sentence for people.

    `reason_required` says that confirming it takes a reason as well.
    """

    code: str
    pointer: str
    detail: str
    reason_required: bool = False


class ConfirmationRequired(Conflict):
    """The request may be right, but somebody has to say so."""

    code = "confirmation-required"
    title = "Are you sure? Send it again with `confirm`"
    advice = (
        "Show what `confirmations` says to the person deciding. If they say yes, send the same body again with "
        "those codes in `confirm`."
    )


class Confirmable(RequestSchema):
    """A request that may have to be confirmed."""

    confirm: Annotated[list[CodeText], Field(max_length=20)] = Field(
        default=[],
        description="Codes of the confirmations you give, from a `confirmation-required` answer.",
        examples=[[]],
    )


def require_confirmed(doubts: Iterable[Doubt], confirmed: Sequence[str], *, reason: str | None = None) -> None:
    """Refuse until every doubt is confirmed, with a reason where one is asked for.

    Raises:
        ConfirmationRequired: listing the doubts that are not.
    """
    open_doubts = [
        doubt for doubt in doubts if doubt.code not in confirmed or (doubt.reason_required and reason is None)
    ]
    if open_doubts:
        listed = [asdict(doubt) for doubt in open_doubts]
        raise ConfirmationRequired(
            "Check what is listed; if it is right, confirm it.", members={"confirmations": listed}
        )
