"""Whose data an answer carries: declared on the request, so that the ledger of accesses can be written from it."""

from typing import Any, Final, cast
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

_TOUCHED: Final = "patients_touched"
_NESTED: Final = (dict, list)


def declare_patients(request: Request, shown: object) -> None:
    """Declare the patients in an answer, wherever in it they are."""
    found: set[UUID | str] = set()
    _collect(shown, found)
    request.scope["state"].setdefault(_TOUCHED, set[UUID]()).update(UUID(str(each)) for each in found)


def declare_patients_of(request: Request, response: Response) -> None:
    """Declare the patients in an answer that was kept; a replay is an access like the first."""
    if response.body:
        declare_patients(request, orjson.loads(response.body))


def _collect(shown: Any, touched: set[UUID | str]) -> None:
    if isinstance(shown, dict):
        record = cast("dict[str, Any]", shown)
        patient_id = record.get("id") if record.get("object") == "patient" else record.get("patient_id")
        if patient_id is not None:
            touched.add(patient_id)
        if (other_id := record.get("to_patient_id")) is not None:  # a record of two patients
            touched.add(other_id)
        shown = record.values()
    for value in shown:
        if isinstance(value, _NESTED):
            _collect(value, touched)
