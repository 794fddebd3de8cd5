"""Failures a caller can cause, in pure Python.

A handful of kinds say how a failure behaves on the wire; areas subclass them next to the rule that raises
them. `kernel.problems` turns them into RFC 9457 documents. No error carries a value somebody sent.

    Failure
    ├── BadRequest      400  cannot be understood
    ├── Unauthenticated 401  nobody we know
    ├── Forbidden       403  known, but not allowed
    ├── NotFound        404  absent, or not for you: the two answer alike
    ├── Conflict        409  the body is fine, the record's state says no
    │   └── RuleViolated     a named rule of treatment says no
    ├── PreconditionFailed 412 / PreconditionRequired 428
    ├── Invalid         422  understood, but not valid
    └── Unavailable     503  try again
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer or a parameter), which rule, and a sentence for people."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    location: str | None = None


@dataclass(eq=False)
class Failure(Exception):
    """A refusal the caller can act on.

    `detail` is for people and may change; `members` are for programs and become members of the problem document.
    Neither may contain a value from the request, a name or a score. `advice` tells what to do about this kind of
    failure; the page of its code shows it.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"
    advice: ClassVar[str] = (
        "Sending the request again may work; with an Idempotency-Key it is safe. "
        "If it does not, give the request_id to whoever runs this installation: the log holds the cause."
    )

    detail: str = ""
    members: Mapping[str, object] = field(default_factory=dict[str, object])
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        return f"{self.code}: {self.detail or self.title}"


@contextmanager
def within(pointer: str) -> Generator[None]:
    """Let the faults of a record that came inside another point to where it stood, such as `#/assessments/0`."""
    try:
        yield
    except Failure as failure:
        failure.faults = tuple(
            fault if fault.pointer is None else replace(fault, pointer=pointer + fault.pointer.removeprefix("#"))
            for fault in failure.faults
        )
        raise


class BadRequest(Failure):
    """The request cannot be understood."""

    status = 400
    code = "invalid-parameter"
    title = "A parameter is not valid"
    advice = "Correct the request. `errors` names each parameter or member and the rule it breaks."


class Unauthenticated(Failure):
    """No token, or one that no longer works."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first"
    advice = "Get a token from POST /oauth/token and send it as Authorization: Bearer."


class Forbidden(Failure):
    """The caller is known but may not do this."""

    status = 403
    code = "permission-denied"
    title = "You may not do this"
    advice = "An administrator of the clinic gives roles and scopes; GET /v1/me shows which permissions you have."


class NotFound(Failure):
    """No such record, or none that this caller may see; both answer with the same bytes."""

    status = 404
    code = "not-found"
    title = "There is no such record"
    advice = "Check the address and the id. A record of another clinic, or one you may not see, answers alike."


class Conflict(Failure):
    """The request is fine; the state of the record says no."""

    status = 409
    code = "conflict"
    title = "The record's state does not allow this"
    advice = "Read the record again. The same request will not work until its state, or what you send, is another."


class RuleViolated(Conflict):
    """A named rule of treatment refuses; subclasses stand next to their rule."""


class PreconditionFailed(Failure):
    """Somebody else changed the record since it was read."""

    status = 412
    code = "version-mismatch"
    title = "The record has changed since you read it"
    advice = (
        "Read the record again, decide whether your change still holds, and send it with the new ETag in If-Match. "
        "`changed_members` names what differs from the version you read."
    )


class PreconditionRequired(Failure):
    """A change must say which version it was made from."""

    status = 428
    code = "if-match-required"
    title = "Say which version you are changing"
    advice = "Send If-Match with the ETag, or the `version`, of the record you read."


class Invalid(Failure):
    """The body was understood but is not valid."""

    status = 422
    code = "validation-failed"
    title = "The request body is not valid"
    advice = "Correct the body. `errors` lists every fault at once, each with a JSON Pointer and the rule."


class EndsBeforeStart(Invalid):
    """Nothing ends before it begins."""

    code = "end-before-start"
    title = "It would end before it starts"
    advice = "Compare the two times or days: one of them is wrong, or they are exchanged. `errors` points at one."


def require_in_order(
    start: date | None, end: date | None, *, pointer: str, detail: str = "Must not be before the start."
) -> None:
    """Refuse what ends before it begins; what is not known is in order. Both are days, or both are instants.

    Raises:
        EndsBeforeStart: with the pointer.
    """
    if start is not None and end is not None and end < start:
        raise EndsBeforeStart(faults=[Fault("end_before_start", detail, pointer=pointer)])


class Unavailable(Failure):
    """A passing condition; sending the request again may work."""

    status = 503
    code = "database-busy"
    title = "Try again in a moment"
    advice = "Send the same request again after the seconds of Retry-After. Nothing was recorded."
