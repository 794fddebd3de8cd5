"""Every example of the document is sent to the running application and succeeds, on both databases.

An example names records and times that are not those of the clinic it is tried in. Its ids are replaced by those of a
record made for the call, and its times are moved together to the present; everything else is sent as it is shown.
"""

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.kernel.ids import new_id
from tests.contract.document import document
from tests.proofs.care import Json, ago, instant
from tests.proofs.recipes import RECIPES, Call, Operation, Stage, operations_of, stage_in
from tests.world import World

JSON = "application/json"


def shown(operation: Operation) -> Iterator[tuple[str, Any]]:
    """The examples of an operation's body, by name."""
    media = operation.facts.get("requestBody", {}).get("content", {}).get(JSON, {})
    for name, example in media.get("examples", {}).items():
        yield name, copy.deepcopy(example["value"])


def instants_of(node: Any) -> Iterator[datetime]:
    """Every moment in an example."""
    if isinstance(node, dict):
        for one in node.values():
            yield from instants_of(one)
    elif isinstance(node, list):
        for one in node:
            yield from instants_of(one)
    elif isinstance(node, str) and (moment := moment_of(node)) is not None:
        yield moment


def moment_of(text: str) -> datetime | None:
    """A moment, if the text is one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if "T" in text and found.tzinfo is not None else None


def is_id(value: object) -> bool:
    """Whether a value is an id."""
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


def here_and_now(example: Any, made: Any, later: timedelta) -> Any:
    """An example in this clinic: the ids of the call made for it, or none, and its times moved by so much."""
    if isinstance(example, dict):
        of_made = made if isinstance(made, dict) else {}
        moved: Json = {}
        for name, value in example.items():
            if name == "id" and is_id(value):
                moved[name] = str(new_id())
            elif is_id(value):
                if name in of_made:
                    moved[name] = of_made[name]
            else:
                moved[name] = here_and_now(value, of_made.get(name), later)
        return moved
    if isinstance(example, list):
        return [here_and_now(one, None, later) for one in example if not is_id(one)]
    if isinstance(example, str) and (moment := moment_of(example)) is not None:
        return instant(moment + later)
    return example


async def with_weight(stage: Stage, call: Call, example: Any) -> Call:  # as all of them
    """A dose by weight needs a weight."""
    session = await stage.care.get(f"/v1/sessions/{call.ids['session_id']}")
    await stage.care.weight({"object": "patient", "id": session["patient_id"]})
    return call


async def to_a_dose_of_its_kind(stage: Stage, call: Call, example: Any) -> Call:
    """What happens to a dose happens to one that is given this way; the document has an example of each."""
    kind = "lozenge" if example["kind"] == "loss_estimated" else example["kind"]
    (create,) = [one for one in operations_of(document()) if one.id == "create_administration"]
    for _, given in shown(create):
        if kind in [event["kind"] for event in given.get("events", ())]:
            session = await stage.care.session()
            moments = list(instants_of(given))
            later = datetime.fromisoformat(ago(minutes=30)).astimezone(UTC) - max(moments)
            path = f"/v1/sessions/{session['id']}/administrations"
            dose = await stage.care.new(path, here_and_now(given, None, later))
            return replace(call, ids={"administration_id": dose["id"]})
    return call


# What has to be there before an example can be sent.
PREPARED = {"create_dose_order": with_weight, "create_dose_event": to_a_dose_of_its_kind}


async def test_every_example_is_executed(clinic: World) -> None:
    stage = await stage_in(clinic)
    refused: list[str] = []
    sent = 0
    for operation in operations_of(document()):
        for name, example in shown(operation):
            call: Call = await RECIPES[operation.id](stage)
            if (prepare := PREPARED.get(operation.id)) is not None:
                call = await prepare(stage, call, example)
            moments = list(instants_of(example))
            latest = datetime.fromisoformat(ago(minutes=1)).astimezone(UTC)
            later = latest - max(moments) if moments else timedelta()
            body = here_and_now(example, call.body, later)
            http = stage.admin.http if _is_for_administrators(operation) else stage.care.http
            if operation.is_public or operation.facts.get("x-permission") == "operator":
                continue  # who signs in or runs the installation is tried where that is told
            answer = await Call(call.ids, body, call.headers).send(http, operation)
            sent += 1
            if answer.status_code not in {200, 201}:
                refused.append(f"{operation.id} {name}: {answer.status_code} {answer.text[:400]} for {body}")
    assert not refused, "\n".join(refused)
    assert sent > len(RECIPES) / 3


def _is_for_administrators(operation: Operation) -> bool:
    return operation.facts.get("x-permission", "").startswith(("staff:", "clinic:write"))
