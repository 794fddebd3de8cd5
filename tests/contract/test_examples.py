"""What the document shows as examples is what the API answers: every operation is called, on both databases."""

import json
from typing import Any

from tests.conftest import Installations
from tests.contract.document import document, resolved
from tests.contract.examples import FILE, SHAPES, USUAL, executed
from tests.proofs.recipes import operations_of


def shown(media: dict[str, Any]) -> dict[str, Any]:
    """Examples of a media type by name."""
    return {name: resolved(one)["value"] for name, one in media.get("examples", {}).items()}


async def test_every_example_is_what_the_api_answers(dialect: str, installations: Installations) -> None:
    installation = installations.make(dialect)  # of its own: the operator's list shows every clinic there is
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    try:
        found = await executed(installation, operations_of(document()))
    finally:
        await installation.database.close()
    wrong = [name for name, ways in found.items() if ways != recorded.get(name)]
    assert not wrong, f"`make examples` records anew what these answer: {', '.join(wrong)}"


def test_every_operation_shows_what_was_sent_and_answered() -> None:
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    operations = operations_of(document())
    assert {one.id for one in operations} == set(recorded)
    for operation in operations:
        sent = {name: one["request"] for name, one in recorded[operation.id].items()}
        told = {name: one["answer"] for name, one in recorded[operation.id].items()}
        for media in operation.facts.get("requestBody", {}).get("content", {}).values():
            assert shown(media) == sent, operation.id
        for status, answer in operation.facts["responses"].items():
            if status in {"200", "201"} and "application/json" in answer.get("content", {}):
                assert shown(answer["content"]["application/json"]) == told, operation.id


def test_a_body_of_several_shapes_shows_each() -> None:
    for operation in operations_of(document()):
        shapes = {one["$ref"].rsplit("/", 1)[1] for one in (operation.body_schema or {}).get("oneOf", ())}
        assert set(SHAPES.get(operation.id, {USUAL: None})) == (shapes or {USUAL}), operation.id
