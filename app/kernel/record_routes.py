"""The reads that every kind of record has: one by id (also as of an instant), its history, a filterable list.

They differ in nothing but the record, so they are added and not written out. What a person *does* to a record stays a
route of its own in its area.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import ColumnElement
from starlette.responses import Response

from app.kernel.actor import Actor
from app.kernel.database import WriteSession
from app.kernel.endpoint import IfMatch, ReadDb, WriteDb, require
from app.kernel.errors import Failure, NotFound, PreconditionFailed, PreconditionRequired
from app.kernel.pagination import Order, Paging
from app.kernel.problems import documented
from app.kernel.records import (
    AsOf,
    EnterInError,
    RecordEnteredInError,
    Resource,
    WithEnteredInError,
    answer_as_of,
    answer_history,
    answer_one,
    answer_page,
    changed,
)
from app.kernel.schemas import Id, Page, VersionRead
from app.kernel.tables import ClinicRecord, Versioned

Conditions = tuple[ColumnElement[bool], ...]
Void = Callable[[WriteSession, Actor, UUID, str, int | None], Awaitable[ClinicRecord]]


def add_reads(router: APIRouter, resource: Resource, *, path: str, singular: str, title: str) -> None:
    """Add `GET {path}/{id}` and `GET {path}/{id}/history`.

    Args:
        router: The area's router.
        resource: The kind of record.
        path: The flat address, such as `/vital-signs`.
        singular: The record's name in operation ids, such as `vital_signs`.
        title: The record in words, such as "one reading".
    """
    may_read = Depends(require(resource.read))
    id_name = f"{singular}_id"
    id_in_path = Path(alias=id_name, description=f"The id of {title}.")

    async def get_one(
        db: ReadDb, actor: Actor = may_read, record_id: UUID = id_in_path, as_of: AsOf = None
    ) -> Response:
        if as_of is not None:
            return await answer_as_of(db, resource, actor, record_id, as_of)
        return await answer_one(db, resource, actor, record_id)

    async def list_versions(
        db: ReadDb, page: Paging, actor: Actor = may_read, record_id: UUID = id_in_path
    ) -> Response:
        return await answer_history(db, resource, actor, record_id, page)

    router.add_api_route(
        f"{path}/{{{id_name}}}",
        get_one,
        methods=["GET"],
        name=f"get_{singular}",
        response_model=resource.shape,
        responses=documented(NotFound),
        summary=f"Read {title}",
        description=f"Read {title} as it is, or with `as_of` as it was recorded at an instant.",
    )
    router.add_api_route(
        f"{path}/{{{id_name}}}/history",
        list_versions,
        methods=["GET"],
        name=f"list_{singular}_history",
        response_model=Page[VersionRead],
        responses=documented(NotFound),
        summary=f"Every version of {title}",
        description="Who recorded or changed it, when and why, and the record as it then was; oldest first.",
    )


def add_list(
    router: APIRouter,
    resource: Resource,
    *,
    path: str,
    plural: str,
    title: str,
    order_by: str = "id",
) -> None:
    """Add `GET {path}`: the flat list, filtered by ids above the record, latest first.

    Args:
        router: The area's router.
        resource: The kind of record.
        path: The flat address.
        plural: The records' name in operation ids.
        title: The records in words.
        order_by: A column that is never null.
    """
    may_read = Depends(require(resource.read))
    table = resource.table

    async def by_parents(
        patient_id: Annotated[
            list[Id], Query(max_length=100, description="Only of this patient; repeat for several.")
        ] = [],  # noqa: B006
        session_id: Annotated[
            list[Id], Query(max_length=100, description="Only of this session; repeat for several.")
        ] = [],  # noqa: B006
    ) -> Conditions:
        wanted = {"patient_id": patient_id, "session_id": session_id}
        return tuple(table.c[name].in_(ids) for name, ids in wanted.items() if ids)

    filtered = Depends(by_parents)

    async def list_records(
        db: ReadDb,
        page: Paging,
        with_errors: WithEnteredInError,
        actor: Actor = may_read,
        conditions: Conditions = filtered,
    ) -> Response:
        statement = resource.visible(actor).where(*conditions)
        order = Order(table.c[order_by], table.c.id, descending=True)
        return await answer_page(db, resource, actor, statement, page, order=order, with_errors=with_errors)

    router.add_api_route(
        path,
        list_records,
        methods=["GET"],
        name=f"list_{plural}",
        response_model=Page[resource.shape],
        summary=f"List {title}",
        description=f"{title.capitalize()}, latest first.",
    )


def add_void(  # noqa: PLR0913  # one argument a fact of the kind
    router: APIRouter,
    resource: Resource,
    void: Void,
    *refusals: type[Failure],
    path: str,
    singular: str,
    title: str,
    permission: str,
    step_up: bool = False,
) -> None:
    """Add `POST {path}/{id}/mark-entered-in-error`.

    Args:
        router: The area's router.
        resource: The kind of record.
        void: The action; it also does what follows from it.
        refusals: What else the action may refuse.
        path: The flat address.
        singular: The record's name in operation ids.
        title: The record in words.
        permission: Who may.
        step_up: Whether it takes a password given a moment ago.
    """
    may_write = Depends(require(permission, step_up=step_up))
    id_name = f"{singular}_id"
    id_in_path = Path(alias=id_name, description=f"The id of {title}.")

    async def mark(
        db: WriteDb,
        body: EnterInError,
        if_match: IfMatch,
        actor: Actor = may_write,
        record_id: UUID = id_in_path,
    ) -> Response:
        record: Versioned = await void(db, actor, record_id, body.reason, if_match)
        return await changed(db, resource, actor, record)

    router.add_api_route(
        f"{path}/{{{id_name}}}/mark-entered-in-error",
        mark,
        methods=["POST"],
        name=f"mark_{singular}_entered_in_error",
        response_model=resource.shape,
        responses=documented(NotFound, PreconditionFailed, PreconditionRequired, RecordEnteredInError, *refusals),
        summary=f"Mark {title} as entered in error",
        description="It stays readable under its id and leaves every list, sum and view; its alerts close with it.",
    )
