"""Requests made from the document, valid and not, against a running server on both databases.

Each operation gets the examples of the document, the edges of its parameters and bodies, and random ones; every
answer goes through all checks. The edges are tried on SQLite, of operations that are asked alike for the first only,
and not for wide bodies, which alone are thousands of requests and whose members `test_hostile` sends wrong one by one;
a deep run tries all of them on both. `SERIATIM_GENERATED_EXAMPLES` says how many random ones, of which PostgreSQL gets
one; above 20 it is deep.
`exclusions.toml` lists what is not held against the API, with reasons.
"""

import asyncio
import copy
import json
import os
import tomllib
import zoneinfo
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.schemas import BaseSchema

from tests.contract.document import Json, document, operations, resolved
from tests.contract.fuzzing import Target, furnish
from tests.serving import served

if TYPE_CHECKING:
    from tests.conftest import Installations

EXAMPLES = int(os.environ.get("SERIATIM_GENERATED_EXAMPLES", "2"))
DEEP = EXAMPLES > 20
pytestmark = [pytest.mark.deep] if DEEP else []
EXCLUSIONS: Json = tomllib.loads((Path(__file__).parent / "exclusions.toml").read_text(encoding="utf-8"))
CHECKS = sorted({check for one in EXCLUSIONS["exclusion"] for check in one.get("checks", ())})
OPERATIONS = [str(one) for one in operations()]
WIDE = 9
"""A body with more members than this, those of all its shapes together, has its edges tried in a deep run."""
RULES = {code for one in EXCLUSIONS["exclusion"] for code in one.get("codes", ())}


def generating() -> Json:
    """The document as requests are generated from it: with what JSON Schema has no good word for.

    A vocabulary that may grow is closed only where it is sent: an answer may hold words this document does not know.
    """
    found = copy.deepcopy(document())
    schemas = found["components"]["schemas"]

    def used_by(roots: Iterable[object]) -> set[str]:
        names: set[str] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
                if name in schemas and name not in names:
                    names.add(name)
                    waiting.append(schemas[name])
                waiting.extend(node.values())
            elif isinstance(node, list):
                waiting.extend(node)
        return names

    def walk(node: object, *, close: bool) -> None:
        if isinstance(node, dict):
            if close and "x-extensible-enum" in node:
                nullable = {"type": "null"} in node.get("anyOf", ())
                node["enum"] = [*node["x-extensible-enum"], *([None] if nullable else [])]
            if "x-decimal-places" in node:
                node["multipleOf"] = float(f"1e-{node['x-decimal-places']}")
            for value in node.values():
                walk(value, close=close)
        elif isinstance(node, list):
            for value in node:
                walk(value, close=close)

    called = [one for item in found["paths"].values() for one in item.values() if isinstance(one, dict)]
    sent = [part for one in called for part in (one.get("requestBody", {}), one.get("parameters", []))]
    answered = used_by(one["responses"] for one in called)
    for part in sent:
        walk(part, close=True)
    only_sent = used_by(sent) - answered
    for name, schema in schemas.items():
        walk(schema, close=name in only_sent)
    return found


# Times and days that any calendar and clock of a clinic can hold; the schema cannot say so.
_TIMES = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive
schemathesis.openapi.format("date-time", _TIMES.map(lambda one: one.isoformat().replace("+00:00", "Z")))
schemathesis.openapi.format("date", st.dates(date(1900, 1, 2), date(2199, 12, 30)).map(str))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(zoneinfo.available_timezones())))


def configuration(*, edges: bool) -> SchemathesisConfig:
    """All checks; with the edges of every parameter and member, or only examples and random requests."""
    return SchemathesisConfig.from_dict(
        {
            "checks": {
                # A record that is absent answers 404 before its version is asked for; 428 is ours for no If-Match.
                "missing_required_header": {"expected-statuses": [400, 401, 403, 404, 406, 422, 428]},
                "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 406, 413, 415, 422, 428, "5xx"]},
                "positive_data_acceptance": {"expected-statuses": ["2xx", 304, 401, 403, 404, 409, 412, "5xx"]},
            },
            "generation": {"database": "none"},
            "phases": {"coverage": {"enabled": edges}, "stateful": {"enabled": False}},
        }
    )


@cache
def generator(*, edges: bool) -> BaseSchema:
    """What makes requests from the document."""
    load_all_checks()
    return schemathesis.openapi.from_dict(generating(), config=configuration(edges=edges))


class Targets:
    """One server on each kind of database, started when first asked for and kept for the run."""

    def __init__(self, installations: "Installations", stack: ExitStack) -> None:
        self._installations = installations
        self._stack = stack
        self._found: dict[str, Target] = {}

    def get(self, dialect: str) -> Target:
        """The server on this kind of database."""
        if dialect not in self._found:
            installation = self._installations.make(dialect)
            # In a loop of its own: the tests are not asynchronous, and the server has one in its thread.
            signing_in, shown = asyncio.run(furnish(installation))
            target = Target(self._stack.enter_context(served(installation)), signing_in)
            target.sign_everybody_in()
            target.remember(shown)
            self._found[dialect] = target
        return self._found[dialect]


@pytest.fixture(scope="session")
def targets(installations: "Installations") -> Iterator[Targets]:
    """The servers."""
    with ExitStack() as stack:
        yield Targets(installations, stack)


def is_refused_by_a_rule(response: Any) -> bool:
    """Whether a body that fits its schema broke nothing but rules between members, which a schema does not say."""
    if response.status_code != 422:
        return False
    problem = response.json()
    faults = {fault["code"] for fault in problem.get("errors", ())}
    return problem["code"] in RULES or (bool(faults) and faults <= RULES)


def is_excluded(case: Case, check: str) -> bool:
    """Whether the file excludes a check for this operation."""
    name = case.operation.definition.raw["operationId"]
    return any(check in one.get("checks", ()) and name in one["operations"] for one in EXCLUSIONS["exclusion"])


def hold(case: Case, target: Target) -> None:
    """Send a request and hold its answer against the document."""
    headers = target.aim(case)
    response = case.call(base_url=target.base_url, headers=headers, session=target.http)
    if response.status_code < 300 and response.headers.get("content-type", [""])[0].startswith("application/json"):
        target.remember(response.json())
    excluded = [schemathesis.checks.CHECKS.get_one(name) for name in CHECKS if is_excluded(case, name)]
    if is_refused_by_a_rule(response):
        excluded.append(schemathesis.checks.CHECKS.get_one("positive_data_acceptance"))
    case.validate_response(response, excluded_checks=excluded, headers=headers)


def generated(examples: int) -> settings:
    """How many random requests, beside the examples of the document."""
    phases = [Phase.explicit, Phase.generate]
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), phases=phases)


def hold_operation(operation_id: str, target: Target, *, edges: bool, examples: int = EXAMPLES) -> None:
    """Make the requests of one operation and hold each answer against the document.

    They are made when the test runs. Schemathesis's own `parametrize` makes those of all operations when tests are
    collected, which every worker does, and which takes as long as sending them.
    """

    def held(case: Case) -> None:
        hold(case, target)

    schema = generator(edges=edges).include(operation_id=operation_id)
    (made,) = get_all_tests(schema=schema, test_func=held, settings=generated(examples), given_kwargs=None)
    _, run = made.ok()
    run()


def members_of_body(operation_id: str) -> int:
    """How many members a request body has, those of all its shapes together."""

    def count(node: Json) -> int:
        node = resolved(node)
        inside = [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]
        inside += [one for word in ("oneOf", "anyOf", "allOf") for one in node.get(word, ())]
        return len(node.get("properties", {})) + sum(count(one) for one in inside)

    (facts,) = (one.facts for one in operations() if str(one) == operation_id)
    return max((count(one["schema"]) for one in facts.get("requestBody", {}).get("content", {}).values()), default=0)


def _unnamed(parameter: tuple[str, Json]) -> list[Any]:
    where, schema = parameter
    return [where, {word: told for word, told in schema.items() if word not in {"title", "description", "examples"}}]


@cache
def with_edges() -> frozenset[str]:
    """The operations whose edges are tried in every run: of those that are asked alike, the first; no wide bodies."""
    first: dict[str, str] = {}
    for one in operations():
        asked = [(parameter["in"], parameter["schema"]) for parameter in map(resolved, one.facts.get("parameters", ()))]
        body = {kind: media["schema"] for kind, media in one.facts.get("requestBody", {}).get("content", {}).items()}
        shape = json.dumps([one.method, [_unnamed(part) for part in asked], body], sort_keys=True)
        if members_of_body(str(one)) <= WIDE:
            first.setdefault(shape, str(one))
    return frozenset(first.values())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_as_documented_on_sqlite(operation: str, targets: Targets) -> None:
    hold_operation(operation, targets.get("sqlite"), edges=DEEP or operation in with_edges())


def test_the_edges_of_every_kind_of_request_are_tried() -> None:
    wide = [one for one in OPERATIONS if members_of_body(one) > WIDE]
    assert len(wide) * 8 < len(OPERATIONS), "edges are tried for too few bodies"
    assert len(with_edges()) * 3 > len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_as_documented_on_postgresql(operation: str, targets: Targets) -> None:
    hold_operation(operation, targets.get("postgresql"), edges=DEEP, examples=EXAMPLES if DEEP else 1)


def test_the_exclusions_are_few_and_each_has_its_reason() -> None:
    found = EXCLUSIONS["exclusion"]
    assert len(found) <= 10
    assert all(one["reason"] for one in found)
