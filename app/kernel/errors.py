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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    Neither may contain a value from the request, a name or a score.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"

    detail: str = ""
    members: Mapping[str, object] = field(default_factory=dict[str, object])
    faults: Sequence[Fault] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        return f"{self.code}: {self.detail or self.title}"


class BadRequest(Failure):
    """The request cannot be understood."""

    status = 400
    code = "invalid-parameter"
    title = "A parameter is not valid"


class Unauthenticated(Failure):
    """No token, or one that no longer works."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first"


class Forbidden(Failure):
    """The caller is known but may not do this."""

    status = 403
    code = "permission-denied"
    title = "You may not do this"


class NotFound(Failure):
    """No such record, or none that this caller may see; both answer with the same bytes."""

    status = 404
    code = "not-found"
    title = "There is no such record"


class Conflict(Failure):
    """The request is fine; the state of the record says no."""

    status = 409
    code = "conflict"
    title = "The record's state does not allow this"


class RuleViolated(Conflict):
    """A named rule of treatment refuses; subclasses stand next to their rule."""


class PreconditionFailed(Failure):
    """Somebody else changed the record since it was read."""

    status = 412
    code = "version-mismatch"
    title = "The record has changed since you read it"


class PreconditionRequired(Failure):
    """A change must say which version it was made from."""

    status = 428
    code = "if-match-required"
    title = "Say which version you are changing"


class Invalid(Failure):
    """The body was understood but is not valid."""

    status = 422
    code = "validation-failed"
    title = "The request body is not valid"


class Unavailable(Failure):
    """A passing condition; sending the request again may work."""

    status = 503
    code = "database-busy"
    title = "Try again in a moment"
