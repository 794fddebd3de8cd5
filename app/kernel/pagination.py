"""Keyset pages. A cursor is sealed and bound to caller, clinic, path and filters; it grants nothing by itself."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from cryptography.fernet import Fernet, InvalidToken
from fastapi import Depends, Query, Request
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.database import ReadSession
from app.kernel.errors import BadRequest
from app.kernel.settings import Settings

LIFETIME_SECONDS: Final = 24 * 3600
MOST_COUNTED: Final = 10_000


class CursorInvalid(BadRequest):
    """The cursor was altered, has expired, or belongs to another list or caller."""

    code = "cursor-invalid"
    title = "The cursor does not belong to this list; start again without it"
    advice = "Ask for the first page again, without `cursor`, and go on from its `next_cursor`."


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page somebody asked for."""

    limit: int
    cursor: str | None
    include_total: bool
    request: Request


async def _page_request(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many records.", examples=[50])] = 50,
    cursor: Annotated[
        str | None,
        Query(
            max_length=2000, description="`next_cursor` of the page before; valid for 24 hours.", examples=["gAAAAABn…"]
        ),
    ] = None,
    include_total: Annotated[  # noqa: FBT002  # a query parameter
        bool, Query(description="Also count, exactly up to 10 000; costs a scan.")
    ] = False,
) -> PageRequest:
    return PageRequest(limit, cursor, include_total, request)


Paging = Annotated[PageRequest, Depends(_page_request)]


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is ordered: one column that is never null; the id breaks ties."""

    column: ColumnElement[Any]
    id_column: ColumnElement[UUID]
    descending: bool = False

    def after(self, value: object, last_id: UUID) -> ColumnElement[bool]:
        """The condition for rows that come after a row."""
        if self.column is self.id_column:
            return self.id_column < last_id if self.descending else self.id_column > last_id
        beyond, tie = (
            (self.column < value, self.id_column < last_id)
            if self.descending
            else (self.column > value, self.id_column > last_id)
        )
        # The first condition lets the index start at the right place; the second is exact.
        bound = self.column <= value if self.descending else self.column >= value
        return and_(bound, or_(beyond, and_(self.column == value, tie)))

    def columns(self) -> tuple[ColumnElement[Any], ...]:
        """What is ordered by."""
        return (self.id_column,) if self.column is self.id_column else (self.column, self.id_column)

    def clauses(self) -> tuple[ColumnElement[Any], ...]:
        """The ORDER BY."""
        return tuple(c.desc() if self.descending else c.asc() for c in self.columns())


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one page."""

    rows: Sequence[Any]
    next_cursor: str | None
    total: int | None = None
    total_is_exact: bool | None = None


async def fetch_page(db: ReadSession, actor: Actor, statement: Select[Any], order: Order, page: PageRequest) -> Rows:
    """Run a list's statement for one page. It selects the columns of the order and whatever else the rows need.

    Raises:
        CursorInvalid: the cursor is not one this caller got for this very list.
    """
    crypt = _crypt(page.request.app.state.settings)
    binding = _binding(actor, page.request)
    wanted = statement
    if page.cursor is not None:
        value, last_id = _opened(crypt, page.cursor, binding)
        wanted = statement.where(order.after(value, last_id))
    found = (await db.execute(wanted.order_by(*order.clauses()).limit(page.limit + 1))).mappings().all()
    rows = found[: page.limit]
    next_cursor = None
    if len(found) > page.limit:
        last = rows[-1]
        next_cursor = _sealed(crypt, last[_name(order.column)], last[_name(order.id_column)], binding)
    if not page.include_total:
        return Rows(rows, next_cursor)
    counted = select(func.count()).select_from(
        statement.with_only_columns(order.id_column).limit(MOST_COUNTED + 1).subquery()
    )
    total = (await db.execute(counted)).scalar_one()
    return Rows(rows, next_cursor, min(total, MOST_COUNTED), total <= MOST_COUNTED)


def _name(column: ColumnElement[Any]) -> str:
    return str(getattr(column, "key", "id"))


def _crypt(settings: Settings) -> Fernet:
    secret = settings.secret_key.get_secret_value().encode()
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"list-cursor:" + secret).digest()))


def _binding(actor: Actor, request: Request) -> str:
    filters = sorted(
        (k, v) for k, v in request.query_params.multi_items() if k not in {"cursor", "limit", "include_total"}
    )
    body = getattr(request, "_body", b"") if request.method == "POST" else b""
    parts = [
        str(actor.clinic_id),
        str(actor.principal_id),
        request.url.path,
        repr(filters),
        hashlib.sha256(body).hexdigest(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _seconds() -> int:
    return int(clock.now().timestamp())


def _sealed(crypt: Fernet, value: object, last_id: UUID, binding: str) -> str:
    kinds = {"at": datetime, "on": date, "id": UUID}
    kind = next((name for name, one in kinds.items() if isinstance(value, one)), "value")
    return crypt.encrypt_at_time(orjson.dumps([binding, kind, value, last_id]), _seconds()).decode()


def _opened(crypt: Fernet, cursor: str, binding: str) -> tuple[Any, UUID]:
    try:
        bound, kind, value, last_id = orjson.loads(crypt.decrypt_at_time(cursor.encode(), LIFETIME_SECONDS, _seconds()))
    except (InvalidToken, ValueError):
        raise CursorInvalid from None
    if bound != binding:
        raise CursorInvalid
    match kind:
        case "at":
            value = datetime.fromisoformat(value)
        case "on":
            value = date.fromisoformat(value)
        case "id":
            value = UUID(value)
        case _:
            pass
    return value, UUID(last_id)
