"""A record on its way in and out: one description per kind of record, and everything that is the same for all.

A `Resource` ties a table to its shape, its visible rows and the permission to read them. From it come single reads,
lists, history, point-in-time reading, the feed's current state and entering in error, so that each behaves alike for
every kind of record. Where some members need a further permission, the resource says so: whoever lacks it gets them as
null wherever the record shows, and the permission is named in `withheld`.

What a record answers comes from its row alone, so that a live row and a version out of the ledger show alike: live
rows leave the database as JSON, with their children, in one statement; what was just written and what the ledger keeps
is presented here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Header, Query, Request
from pydantic import Field
from sqlalchemy import ColumnElement, Select, Table, Uuid, bindparam, select
from starlette.responses import Response

from app.kernel import clock, policies
from app.kernel.accesses import declare_patients
from app.kernel.actor import Actor
from app.kernel.change_reasons import TYPING_ERROR, described_reasons, form_of_a_reason
from app.kernel.database import ReadSession, WriteSession
from app.kernel.endpoint import required_version
from app.kernel.errors import BadRequest, Conflict, NotFound, PreconditionFailed
from app.kernel.idempotency import claim_id, digest_of_create
from app.kernel.ids import new_id
from app.kernel.json_rows import as_array, as_constant, as_object, as_text
from app.kernel.ledger import change, columns_of, decode, latest_as_of, name_change, root_of
from app.kernel.pagination import Order, PageRequest, Rows, fetch_page
from app.kernel.schemas import CreateSchema, RecordRead, RequestSchema, ShortText, UtcTime
from app.kernel.tables import Base, ClinicRecord, Versioned

# A row out of the database or out of the ledger; SQLAlchemy's rows may also be asked by column.
Columns = Mapping[Any, Any]
Model = TypeVar("Model", bound=ClinicRecord)


@dataclass(frozen=True)
class Children:
    """Records shown inside another record: `administration.events`."""

    member: str
    resource: "Resource"
    column: str
    order: Sequence[str]


@dataclass(frozen=True)
class Needs:
    """Members that need a further permission than the record they are part of; without it they are null."""

    permission: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Resource:
    """One kind of record. `read` is the permission to see it; `needs` names the members that need more.

    A shape whose resource has `needs` has a member `withheld`.
    """

    model: type[Versioned]
    shape: type[RecordRead]
    read: str
    visible: Callable[[Actor], Select[Any]]
    children: Sequence[Children] = ()
    needs: Sequence[Needs] = ()

    @property
    def name(self) -> str:
        """The kind of record, as `object` says it."""
        return self.model.__resource__

    @property
    def table(self) -> Table:
        """The table it is kept in."""
        return Base.metadata.tables[self.model.__tablename__]  # type: ignore[attr-defined]

    def withheld(self, actor: Actor | None) -> dict[str, Any]:
        """What an actor gets instead of the members they may not read; nobody may read any that needs more."""
        lacking = [one for one in self.needs if actor is None or not actor.may(one.permission)]
        if not lacking:
            return {}
        shown: dict[str, Any] = {member: None for one in lacking for member in one.members}
        return shown | {"withheld": [one.permission for one in lacking]}

    def present(self, columns: Columns, actor: Actor | None = None) -> dict[str, Any]:
        """The record as it answers, from its own columns, its lists of children empty.

        Args:
            columns: A row, or what the ledger kept of it.
            actor: Who reads it; None gets no member that needs a further permission.
        """
        shown: dict[str, Any] = {}
        for member in self.shape.model_fields:
            if member == "object":
                shown[member] = self.name
            elif member == "entered_in_error":
                shown[member] = _entered_in_error(columns)
            elif member not in columns:
                shown[member] = []  # a list that is filled from other rows
            else:
                shown[member] = columns[member]
        return shown | self.withheld(actor)


def _entered_in_error(columns: Columns) -> dict[str, Any] | None:
    if columns["entered_in_error_at"] is None:
        return None
    return {key: columns[f"entered_in_error_{key}"] for key in ("at", "by", "reason")}


RESOURCES: Final[dict[str, Resource]] = {}


def register(resource: Resource) -> Resource:
    """Make a kind of record known to history, the feed and entering in error."""
    RESOURCES[resource.name] = resource
    return resource


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def to_json(value: object) -> bytes:
    """An answer's bytes: UTC times with Z, decimals as JSON numbers."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


def touch(db: ReadSession, shown: object) -> None:
    """Declare the patients whose data an answer carries; the ledger of accesses will be written from it."""
    request: Request | None = db.info.get("request")
    if request is not None:
        declare_patients(request, shown)


def respond(
    db: ReadSession, shown: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer's response, with its patients declared."""
    touch(db, dict(shown))
    return Response(to_json(shown), status, dict(headers or {}), "application/json")


def _etag(version: int) -> str:
    return f'"{version}"'


async def answer_one(db: ReadSession, resource: Resource, actor: Actor, record_id: UUID) -> Response:
    """A single read: 200, 304 when the caller has this version, or 404."""
    shown = await show_one(db, resource, actor, record_id)
    headers = {"ETag": _etag(shown["version"])}
    request: Request = db.info["request"]
    # A record with children inside changes without its own version, so only plain records answer 304.
    if not resource.children and request.headers.get("if-none-match", "").removeprefix("W/") == headers["ETag"]:
        touch(db, shown)
        return Response(None, 304, headers)
    return respond(db, shown, headers=headers)


async def show_one(db: ReadSession, resource: Resource, actor: Actor, record_id: UUID) -> dict[str, Any]:
    """A single record as it answers.

    Raises:
        NotFound: there is none, or none this actor may see.
    """
    anybody = replace(actor, clinic_id=_CLINIC, principal_id=_PRINCIPAL, request_id="", roles=tuple(actor.roles))
    wanted = {_CLINIC.key: actor.clinic_id, _PRINCIPAL.key: actor.principal_id, _RECORD.key: record_id}
    found = (await db.execute(_one_of(resource, anybody), wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return orjson.loads(found)


# Stand for what differs from request to request, so that a statement is built once for all who may see the same.
_CLINIC: Final[Any] = bindparam("actor_clinic_id", type_=Uuid())
_PRINCIPAL: Final[Any] = bindparam("actor_principal_id", type_=Uuid())
_RECORD: Final[Any] = bindparam("record_id", type_=Uuid())


@lru_cache(maxsize=1000)
def _one_of(resource: Resource, anybody: Actor) -> Select[Any]:
    """A record by id, as its JSON. `anybody` has the permissions of the caller, and parameters for ids."""
    return _as_json(resource, anybody, resource.visible(anybody).where(resource.table.c.id == _RECORD))


def _as_json(
    resource: Resource, actor: Actor, statement: Select[Any], *more: ColumnElement[Any], with_errors: bool = False
) -> Select[Any]:
    """The rows of a select, each as the JSON it answers with its children inside, and more columns where needed."""
    shown = as_text(_object(resource, actor, with_errors=with_errors)).label("shown")
    return statement.with_only_columns(shown, *more)


def _object(resource: Resource, actor: Actor, *, with_errors: bool) -> ColumnElement[str]:
    inside = {one.member: _children(one, resource, actor, with_errors=with_errors) for one in resource.children}
    inside |= {member: as_constant(value) for member, value in resource.withheld(actor).items()}
    return as_object(resource.name, tuple(resource.shape.model_fields), resource.table, inside)


def _children(child: Children, parent: Resource, actor: Actor, *, with_errors: bool) -> ColumnElement[Any]:
    table, above = child.resource.table, parent.table
    statement = child.resource.visible(actor).where(
        table.c.clinic_id == above.c.clinic_id, table.c[child.column] == above.c.id
    )
    if not with_errors:
        statement = statement.where(table.c.entered_in_error_at.is_(None))
    found = statement.order_by(*(table.c[name] for name in child.order)).correlate(above)
    shown = _object(child.resource, actor, with_errors=with_errors).label("shown")
    return select(as_array(found.with_only_columns(shown).subquery().c.shown)).scalar_subquery()


async def _with_errors(
    include_entered_in_error: Annotated[  # noqa: FBT002  # a query parameter
        bool, Query(description="Also list records that were marked as entered in error.")
    ] = False,
) -> bool:
    return include_entered_in_error


WithEnteredInError = Annotated[bool, Depends(_with_errors)]


async def answer_page(
    db: ReadSession,
    resource: Resource,
    actor: Actor,
    statement: Select[Any],
    page: PageRequest,
    *,
    order: Order | None = None,
    with_errors: bool = True,
) -> Response:
    """A list's page; newest first unless an order is given."""
    table = resource.table
    if not with_errors:
        statement = statement.where(table.c.entered_in_error_at.is_(None))
    order = order or Order(table.c.id, table.c.id, descending=True)
    statement = _as_json(resource, actor, statement, *order.columns(), with_errors=with_errors)
    rows = await fetch_page(db, actor, statement, order, page)
    return page_response(db, [orjson.loads(row["shown"]) for row in rows.rows], rows, page)


def page_response(db: ReadSession, items: Sequence[Mapping[str, Any]], rows: Rows, page: PageRequest) -> Response:
    """A page's response, with its `Link`."""
    body: dict[str, Any] = {"items": items, "next_cursor": rows.next_cursor}
    if rows.total is not None:
        body |= {"total": rows.total, "total_is_exact": rows.total_is_exact}
    headers: dict[str, str] = {}
    if rows.next_cursor is not None:
        url = page.request.url.include_query_params(cursor=rows.next_cursor)
        headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return respond(db, body, headers=headers)


async def created(db: WriteSession, resource: Resource, actor: Actor, record: Versioned, location: str) -> Response:
    """The answer to a create: 201 with Location and ETag; 200 when the record was there already under this id."""
    await db.flush()
    shown = await _shown(db, resource, actor, record)
    headers = {"ETag": _etag(record.version), "Location": f"{location}/{shown['id']}"}
    if db.info.get("already_created"):
        return respond(db, shown, headers={**headers, "Idempotency-Replayed": "true"})
    return respond(db, shown, status=201, headers=headers)


async def changed(db: WriteSession, resource: Resource, actor: Actor, record: Versioned, **beside: object) -> Response:
    """The answer to a change: 200 with the new ETag. `beside` are members the answer has beside the record's own."""
    await db.flush()
    shown = await _shown(db, resource, actor, record)
    return respond(db, shown | beside, headers={"ETag": _etag(record.version)})


async def _shown(db: WriteSession, resource: Resource, actor: Actor, record: Versioned) -> dict[str, Any]:
    columns = columns_of(record)
    if "omitted" in resource.shape.model_fields:
        return await show_whole(db, resource, actor, columns["id"])
    return await show_one(db, resource, actor, columns["id"]) if resource.children else resource.present(columns, actor)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class RecordEnteredInError(Conflict):
    """The record was marked as entered in error: it stays readable and nothing more is done with it."""

    code = "entered-in-error"
    title = "This record is marked as entered in error"
    advice = "Record it anew, where it belongs. The marked one stays readable and nothing more is done with it."


_IDS_ARE_NEW: Final = "ids_are_new"


class IdAlreadyUsed(Conflict):
    """A record with this id exists and was created from another content."""

    code = "id-already-used"
    title = "A record with this id exists and differs"
    advice = "Read the record of this id: if it is yours, change it with If-Match. For another record take a new id."


async def already_created(
    db: WriteSession, actor: Actor, model: type[Model], body: CreateSchema, **parent: UUID
) -> Model | None:
    """The record a create with an own id made before, so that sending again answers and does not record twice.

    Args:
        db: The write session.
        actor: Who sends it.
        model: The kind of record.
        body: What is sent.
        parent: The column of the parent and the parent's id, where the create is addressed to one.

    Raises:
        IdAlreadyUsed: the id stands for another content, or for a record of another parent.
    """
    if body.id is None or db.info.get(_IDS_ARE_NEW):
        return None
    await claim_id(db, actor, model.__resource__, body.id)
    found = await find(db, actor, model, body.id)
    if found is None:
        return None
    same_parent = all(getattr(found, column) == value for column, value in parent.items())
    if not same_parent or found.create_digest != digest_of_create(body):
        raise IdAlreadyUsed("Read the record under this id, or send a new id.")
    db.info["already_created"] = True
    return found


def ids_are_new(db: WriteSession) -> None:
    """Say that no id sent from here on in this transaction can be there already.

    For imports: their ids follow from a record which this transaction has claimed and just created, so nobody else
    can have made what hangs below it. It saves two statements a record.
    """
    db.info[_IDS_ARE_NEW] = True


def identity_of(actor: Actor, body: CreateSchema | None = None) -> dict[str, Any]:
    """The key columns of a new record."""
    return {
        "clinic_id": actor.clinic_id,
        "id": (body.id if body else None) or new_id(),
        "create_digest": digest_of_create(body) if body else None,
    }


def copy_of(record: Model, told: Mapping[str, Any], **members: Any) -> Model:
    """A record of its own, not added yet, that tells the same, recorded by the same person at the same time.

    Args:
        record: What it is a copy of.
        told: What that one tells, as the copy has it: its columns with other ids in them, its own among them.
        members: What differs beside.
    """
    own = {"version", "updated_at", "create_digest"}
    return type(record)(**{name: value for name, value in told.items() if name not in own} | members)


async def find(
    db: ReadSession, actor: Actor, model: type[Model], record_id: UUID, *, held: bool = False
) -> Model | None:
    """The record, or None when the clinic has none with this id; `held` keeps it from changing meanwhile."""
    lock: Any = {"read": True} if held else None
    return await db.get(model, (actor.clinic_id, record_id), with_for_update=lock)


async def one(db: ReadSession, actor: Actor, model: type[Model], record_id: UUID, *, held: bool = False) -> Model:
    """The record, to build on; `held` keeps it from changing until this transaction ends.

    Raises:
        NotFound: the clinic has none with this id.
        RecordEnteredInError: it was marked as entered in error.
    """
    if (found := await find(db, actor, model, record_id, held=held)) is None:
        raise NotFound
    require_standing(found)
    return found


async def one_in_version(
    db: ReadSession, actor: Actor, model: type[Model], record_id: UUID, if_match: int | None
) -> Model:
    """The record in the version the caller read, not locked yet: for actions that lock another one first.

    Raises:
        NotFound: the clinic has none with this id.
        PreconditionRequired: the caller did not say which version.
        PreconditionFailed: it has changed since.
        RecordEnteredInError: it was marked as entered in error.
    """
    if (found := await find(db, actor, model, record_id)) is None:
        raise NotFound
    await require_version(db, actor, found, if_match)
    require_standing(found)
    return found


async def one_locked(db: WriteSession, actor: Actor, model: type[Model], record_id: UUID) -> Model:
    """The record, locked until this transaction ends, for actions whose effect depends on its state.

    Raises:
        NotFound: the clinic has none with this id.
        RecordEnteredInError: it was marked as entered in error.
    """
    found = await _locked(db, actor, model, record_id)
    require_standing(found)
    return found


async def _locked(db: WriteSession, actor: Actor, model: type[Model], record_id: UUID) -> Model:
    wanted = {_CLINIC.key: actor.clinic_id, _RECORD.key: record_id}
    options = {"populate_existing": True}
    found = (await db.execute(_lock_of(model), wanted, execution_options=options)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


@cache
def _lock_of(model: type[ClinicRecord]) -> Select[Any]:
    """The statement that locks a record of a kind, built once: most writes begin with it."""
    return select(model).where(model.clinic_id == _CLINIC, model.id == _RECORD).with_for_update(key_share=True)


async def one_for_update(
    db: WriteSession, actor: Actor, model: type[Model], record_id: UUID, if_match: int | None
) -> Model:
    """The record, locked, in the version the caller read.

    Raises:
        NotFound: the clinic has none with this id.
        PreconditionRequired: the caller did not say which version.
        PreconditionFailed: it has changed since.
        RecordEnteredInError: it was marked as entered in error.
    """
    found = await _locked(db, actor, model, record_id)
    await require_version(db, actor, found, if_match)
    require_standing(found)
    return found


def require_standing(record: ClinicRecord) -> None:
    """Refuse to build on a record that should never have been made.

    Raises:
        RecordEnteredInError: it was marked as entered in error.
    """
    if record.entered_in_error_at is not None:
        raise RecordEnteredInError


_OF_EVERY_VERSION: Final = frozenset({"version", "updated_at"})


async def require_version(db: ReadSession, actor: Actor, record: Versioned, if_match: int | None) -> None:
    """Refuse a change made from another version, and say what has changed since.

    Raises:
        PreconditionRequired: the caller did not say which version.
        PreconditionFailed: it has changed since; with the version it has now and the members that differ.
    """
    if (version := required_version(if_match)) != record.version:
        raise PreconditionFailed(
            "Read it again and decide whether your change still holds.",
            members={
                "current_version": record.version,
                "changed_members": await _changed_since(db, actor, record, version),
            },
        )


async def _changed_since(db: ReadSession, actor: Actor, record: Versioned, version: int) -> list[str]:
    """The members in which a record differs from a version of it, of those the actor may read; none of an unknown one.

    What changes with every version is not among them.
    """
    columns = columns_of(record)
    kept = select(change.c.content).where(
        change.c.clinic_id == actor.clinic_id,
        change.c.resource_type == record.__resource__,
        change.c.resource_id == columns["id"],
        change.c.version == version,
    )
    content = (await db.execute(kept)).scalar_one_or_none()
    if content is None:
        return []
    resource = RESOURCES[record.__resource__]
    then = resource.present(decode(resource.table, content), actor)
    now = resource.present(columns, actor)
    return sorted(name for name in then if then[name] != now[name] and name not in _OF_EVERY_VERSION)


async def _reason_header(
    change_reason: Annotated[
        str | None,
        Header(
            alias="Change-Reason",
            description="Why the record is changed: a code, then optionally a colon, a space and text. "
            f"{described_reasons()} Your own entry of the last 30 minutes needs none.",
            max_length=500,
            pattern=form_of_a_reason(),
            examples=["typing_error", "device_error: cuff too small"],
        ),
    ] = None,
) -> str | None:
    return change_reason


ChangeReason = Annotated[str | None, Depends(_reason_header)]


class ChangeReasonRequired(BadRequest):
    """Clinical facts are corrected with a reason."""

    code = "change-reason-required"
    title = "Send Change-Reason: why is this record changed?"
    advice = (
        "Send the same request with a Change-Reason header: a code such as typing_error and, if you like, a colon and "
        "your words. The description of the header lists the codes."
    )


def reason_of_change(actor: Actor, record: Versioned, given: str | None) -> str:
    """The reason of a correction; a recent slip of one's own needs none.

    Raises:
        ChangeReasonRequired: somebody else's entry, or an older one, and no reason.
    """
    if given:
        return given
    minutes = policies.value_of("own_typo_minutes")
    if record.recorded_by == actor.principal_id and clock.now() - record.recorded_at <= timedelta(minutes=int(minutes)):
        return TYPING_ERROR
    raise ChangeReasonRequired(f"Only your own entry of the last {minutes} minutes can be changed without one.")


class EnterInError(RequestSchema):
    """Why a record should never have been made."""

    reason: ShortText = Field(
        description="Why. One that begins with a code of `Change-Reason` counts as that code: `wrong_patient`, alone "
        "or before a colon and words, closes the alerts of the record as `wrong_patient`.",
        examples=["wrong_patient"],
    )


def mark_entered_in_error(db: WriteSession, actor: Actor, record: ClinicRecord, reason: str) -> None:
    """Mark a record: it stays readable under its id and leaves every list, sum and view.

    Raises:
        RecordEnteredInError: it was marked before.
    """
    require_standing(record)
    record.entered_in_error_at = clock.now()
    record.entered_in_error_by = actor.principal_id
    record.entered_in_error_reason = reason
    name_change(db, record, f"{record.__resource__}.entered_in_error", reason=reason)


# ── the ledger's views ───────────────────────────────────────────────────────────────────────────────────────────────


AsOf = Annotated[
    UtcTime | None,
    Query(alias="as_of", description="Show what was recorded at this instant.", examples=["2026-03-02T14:05:00Z"]),
]


async def answer_history(
    db: ReadSession, resource: Resource, actor: Actor, record_id: UUID, page: PageRequest
) -> Response:
    """Every version of a record, oldest first: who, when, why, and the record as it then was."""
    if (await db.execute(resource.visible(actor).where(resource.table.c.id == record_id))).first() is None:
        raise NotFound
    statement = select(change).where(
        change.c.clinic_id == actor.clinic_id,
        change.c.resource_type == resource.name,
        change.c.resource_id == record_id,
    )
    rows = await fetch_page(db, actor, statement, Order(change.c.version, change.c.id), page)
    items = [version_of(resource, row, actor) for row in rows.rows]
    return page_response(db, items, rows, page)


# What tells of a record beside its members: why somebody acted, which is in their own words, and when it happened.
TELLING: Final = ("reason", "occurred_at")


def version_of(resource: Resource, row: Columns, actor: Actor) -> dict[str, Any]:
    """One version as history shows it."""
    content = None if row["content"] is None else resource.present(decode(resource.table, row["content"]), actor)
    names = ("version", "event", "kind", "principal_id", "source", "reason", "request_id", "occurred_at", "recorded_at")
    hidden = TELLING if resource.withheld(actor) else ()
    return {
        "object": "version",
        **{name: None if name in hidden else row[name] for name in names},
        "content_digest": row["content_digest"],
        "resource": content,
    }


async def answer_whole(
    db: ReadSession, resource: Resource, actor: Actor, record_id: UUID, instant: datetime | None
) -> Response:
    """A record with its children, now or at an instant; children the actor may not read are named in `omitted`."""
    return respond(db, await show_whole(db, resource, actor, record_id, instant))


async def show_whole(
    db: ReadSession, resource: Resource, actor: Actor, record_id: UUID, instant: datetime | None = None
) -> dict[str, Any]:
    """What `answer_whole` answers, for answers it is a part of.

    Raises:
        NotFound: there is no such record, or there was none yet.
    """
    denied = [child.member for child in resource.children if not actor.may(child.resource.read)]
    readable = replace(resource, children=tuple(c for c in resource.children if c.member not in denied))
    if instant is None:
        shown = await show_one(db, readable, actor, record_id)
    else:
        shown = await show_as_of(db, readable, actor, record_id, instant)
    empty: dict[str, list[object]] = {member: [] for member in denied}
    return shown | empty | {"omitted": denied}


async def answer_as_of(
    db: ReadSession, resource: Resource, actor: Actor, record_id: UUID, instant: datetime
) -> Response:
    """A single record as it was recorded at an instant."""
    shown = await show_as_of(db, resource, actor, record_id, instant)
    return respond(db, shown, headers={"ETag": _etag(shown["version"])})


async def show_as_of(
    db: ReadSession, resource: Resource, actor: Actor, record_id: UUID, instant: datetime
) -> dict[str, Any]:
    """A record and its children as the ledger knew them at an instant.

    Raises:
        NotFound: there is no such record, or there was none yet.
    """
    row = (await db.execute(resource.visible(actor).where(resource.table.c.id == record_id))).mappings().one_or_none()
    if row is None:
        raise NotFound
    root_type, root_id = root_of(resource.model, row)
    wanted = change.c.resource_id == record_id
    if resource.children:
        # Children hang on the same root, so one statement brings the record and everything in it.
        wanted = wanted | ((change.c.root_type == root_type) & (change.c.root_id == root_id))
    found = (await db.execute(latest_as_of(actor, instant, wanted))).mappings().all()
    past: dict[str, list[Columns]] = {}
    for version in found:
        if version["content"] is not None and version["resource_type"] in RESOURCES:
            table = RESOURCES[version["resource_type"]].table
            past.setdefault(version["resource_type"], []).append(decode(table, version["content"]))
    mine = [one_of for one_of in past.get(resource.name, []) if one_of["id"] == record_id]
    if not mine:
        raise NotFound
    return _composed(resource, actor, mine[0], past)


def _composed(resource: Resource, actor: Actor, row: Columns, past: Mapping[str, Sequence[Columns]]) -> dict[str, Any]:
    shown = resource.present(row, actor)
    for child in resource.children:
        inside = [
            one_of
            for one_of in past.get(child.resource.name, ())
            if one_of[child.column] == row["id"] and one_of["entered_in_error_at"] is None
        ]
        inside.sort(key=lambda one_of, child=child: tuple(one_of[name] for name in child.order))
        shown[child.member] = [_composed(child.resource, actor, one_of, past) for one_of in inside]
    return shown


async def current_states(
    db: ReadSession, actor: Actor, resource: Resource, ids: Sequence[UUID]
) -> dict[UUID, dict[str, Any]]:
    """Records as they are now, by id."""
    table = resource.table
    statement = _as_json(resource, actor, resource.visible(actor).where(table.c.id.in_(ids)), table.c.id)
    return {row.id: orjson.loads(row.shown) for row in await db.execute(statement)}
