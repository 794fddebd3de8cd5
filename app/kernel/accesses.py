"""Whose data an answer carries: declared on the request, so that the ledger of accesses can be written from it."""

from typing import cast
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

_TOUCHED = "patients_touched"


def declare_patients(request: Request, shown: object) -> None:
    """Declare the patients in an answer, wherever in it they are."""
    _collect(shown, request.scope["state"].setdefault(_TOUCHED, set[UUID]()))


def declare_patients_of(request: Request, response: Response) -> None:
    """Declare the patients in an answer that was kept; a replay is an access like the first."""
    if response.body:
        declare_patients(request, orjson.loads(response.body))


def _collect(shown: object, touched: set[UUID]) -> None:
    match shown:
        case {"object": "patient", "id": UUID() | str() as patient_id}:
            touched.add(UUID(str(patient_id)))
        case {"patient_id": UUID() | str() as patient_id}:
            touched.add(UUID(str(patient_id)))
        case _:
            pass
    if isinstance(shown, dict):
        for value in cast("dict[str, object]", shown).values():
            if isinstance(value, dict | list):
                _collect(cast("object", value), touched)
    elif isinstance(shown, list):
        for item in cast("list[object]", shown):
            _collect(item, touched)
