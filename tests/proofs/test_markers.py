"""Words of one clinic turn up nowhere else: not in another clinic's answers, not in errors, not in logs.

Every text of every request of one clinic is a marker nobody else uses. The requests are also sent so that they fail in
every way a request can.
"""

import io
import json
import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from app.kernel.ids import new_id
from app.kernel.ledger import change
from app.kernel.logging import JsonLine
from app.kernel.schemas import _PLAIN
from app.monitoring import rules as monitoring_rules
from app.patients import rules as patient_rules
from tests.contract.document import document
from tests.proofs.care import Json, ago, path_of
from tests.proofs.recipes import FOREIGN, MAKERS, RECIPES, Call, Operation, Stage, shape_of, stage_in
from tests.world import World

PREFIX = "zqMARKER"
ANY_TEXT = {None, _PLAIN["pattern"]}


class Marking:
    """Puts markers into every text a schema has, and remembers them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.count = 0

    def marker(self) -> str:
        self.count += 1
        return f"{PREFIX}{self.count:05}{new_id().hex[-6:]}"

    def marked(self, schema: Mapping[str, Any], value: Any, *, without: Collection[str] = ()) -> Any:
        """The value with a marker wherever the schema takes any text, optional texts included.

        `without` are members that records of another kind have.
        """
        schema = shape_of(self.document, self._resolved(schema), value)
        match schema.get("type"):
            case "object":
                present = value if isinstance(value, dict) else {}
                members = {}
                for name, member in schema.get("properties", {}).items():
                    if name in present or (name not in without and self._takes_text(member)):
                        members[name] = self.marked(member, present.get(name))
                return {**present, **members}
            case "array" if isinstance(value, list):
                return [self.marked(schema["items"], item) for item in value]
            case "string" if self._takes_text(schema):
                return self.marker()
            case _:
                return value

    def _takes_text(self, schema: Mapping[str, Any]) -> bool:
        schema = self._resolved(schema)
        plain = "format" not in schema and "enum" not in schema and schema.get("pattern") in ANY_TEXT
        return schema.get("type") == "string" and plain and "const" not in schema and schema.get("maxLength", 0) >= 100

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while True:
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            elif "anyOf" in schema:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
            else:
                return schema


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged, as the running application formats it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def failing(call: Call, body: Json) -> Iterator[tuple[str, Call, dict[str, Any]]]:
    """The request in ways that fail, with how to send it."""
    yield "unknown parameter", Call(call.ids, body, call.headers), {"params": {"unheard_of": body.get("note", "1")}}
    yield "unknown member", Call(call.ids, body | {"unheard_of": PREFIX}, call.headers), {}
    yield "not the type", Call(call.ids, {name: [value] for name, value in body.items()} or {"x": 1}, call.headers), {}
    yield (
        "no JSON",
        Call(call.ids, None, {**call.headers, "Content-Type": "application/json"}),
        {"content": json.dumps(body)[:-1] + f', "{PREFIX}'},
    )
    yield (
        "a member twice",
        Call(call.ids, None, {**call.headers, "Content-Type": "application/json"}),
        {"content": json.dumps({"note": PREFIX})[:-1] + f', "note": "{PREFIX}"}}'},
    )
    yield (
        "wrong kind",
        Call(call.ids, None, {**call.headers, "Content-Type": "text/plain"}),
        {"content": json.dumps(body)},
    )
    if call.names_records:
        yield "nowhere", Call(call.elsewhere().ids, body, call.headers), {}
    if "If-Match" in call.headers:
        yield "stale", Call(call.ids, body, {**call.headers, "If-Match": '"999"'}), {}
        yield "without version", Call(call.ids, body, {n: v for n, v in call.headers.items() if n != "If-Match"}), {}


async def test_nothing_of_a_clinic_turns_up_elsewhere(
    clinic: World,
    other_clinic: World,
    operations: list[Operation],
    logged: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, elsewhere = await stage_in(clinic), await stage_in(other_clinic)
    marking = Marking(document())
    auditor, front_desk = await clinic.client("auditor"), await clinic.client("front_desk")
    errors: list[tuple[str, httpx2.Response]] = []
    accepted: set[str] = set()
    for operation in operations:
        if operation.body_schema is None or operation.is_public or operation.id == "create_clinic":
            continue
        is_admin = operation.facts["x-permission"] in {"clinic:write", "policy:write", "staff:write"}
        http = stage.admin.http if is_admin else stage.care.http
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await RECIPES[operation.id](stage)
        body = marking.marked(operation.body_schema, call.body or {}, without=FOREIGN.get(operation.id, ()))
        headers = dict(call.headers)
        if "Change-Reason" in headers:
            headers["Change-Reason"] = f"correction: {marking.marker()}"
        call = Call(call.ids, body, headers)
        for how, broken, options in failing(call, body):
            answer = await broken.send(http, operation, **options)
            assert 400 <= answer.status_code < 500, f"{operation.id} {how}: {answer.text}"
            errors.append((f"{operation.id} {how}", answer))
        for stranger in (auditor, front_desk):
            answer = await call.send(stranger, operation)
            if answer.status_code >= 400:
                errors.append((f"{operation.id} refused", answer))
                continue
            call = await RECIPES[operation.id](stage)
            body = marking.marked(operation.body_schema, call.body or {}, without=FOREIGN.get(operation.id, ()))
            call = Call(call.ids, body, call.headers)
        answer = await call.send(http, operation)
        assert answer.status_code == operation.success, f"{operation.id}: {answer.text}"
        if operation.id != "search_patients":
            accepted |= {text for text in _texts(body) if text.startswith(PREFIX)}
        if "If-Match" in headers:
            errors.append((f"{operation.id} again", await call.send(http, operation)))
    errors += await _forced(stage, marking, monkeypatch)

    assert marking.count > 120
    assert accepted <= await _kept(clinic), "what was accepted is kept, so the markers did go through"
    for what, answer in errors:
        assert PREFIX not in answer.text, f"{what}: {answer.text}"
        assert PREFIX not in str(answer.headers), what
    await _nothing_elsewhere(stage, elsewhere, operations)
    lines = logged.getvalue()
    assert lines.count('"event":"request"') > 500
    assert '"error_type"' in lines
    assert PREFIX not in lines


async def _forced(stage: Stage, marking: Marking, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, httpx2.Response]]:
    """Faults of our own: an exception with a marker in its message, and a database that refuses a row with one."""
    session = await stage.care.session()
    path = f"{path_of(session)}/vital-signs"
    reading = {"measured_at": ago(), "spo2_percent": 98, "note": marking.marker()}
    may_fail = {"may_fail": True}

    def explode(*_arguments: object, **_options: object) -> None:
        raise RuntimeError(marking.marker())

    with monkeypatch.context() as patched:
        patched.setattr(monitoring_rules, "require_possible_pressure", explode)
        exploded = await stage.care.http.post(path, json=reading, extensions=may_fail)
    assert exploded.status_code == 500
    names = {"given_name": marking.marker(), "family_name": marking.marker(), "birth_on": "1984-02-03", "sex": "female"}
    with monkeypatch.context() as patched:
        patched.setattr(patient_rules, "folded", lambda _name: None)
        contradicted = await stage.care.http.post("/v1/patients", json=names, extensions=may_fail)
    assert contradicted.status_code >= 400
    found = [("exploded", exploded), ("contradicted", contradicted)]
    if stage.clinic.database.dialect == "postgresql":
        with monkeypatch.context() as patched:
            patched.setattr(patient_rules, "folded", lambda name: name * 100)
            too_long = await stage.care.http.post("/v1/patients", json=names, extensions=may_fail)
        assert too_long.status_code >= 500
        found.append(("too long", too_long))
    return found


async def _kept(clinic: World) -> set[str]:
    """Every marker the clinic's ledger knows."""
    async with clinic.reading() as db:
        mine = select(change.c.content, change.c.reason).where(change.c.clinic_id == clinic.id)
        rows = (await db.execute(mine)).all()
    return {text for row in rows for text in [row.reason or "", *_texts(json.loads(row.content))]}


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
        case _:
            pass


async def _nothing_elsewhere(stage: Stage, elsewhere: Stage, operations: list[Operation]) -> None:
    """Nobody in the other clinic is shown a marker, whatever they ask for."""
    for each in (stage, elsewhere):
        await each.clinic.database.sealer.seal()
    callers = [elsewhere.care.http, elsewhere.admin.http, await elsewhere.clinic.client("director")]
    lists_of_ids = {name: (await make(stage))["id"] for name, make in MAKERS.items()}
    for operation in operations:
        if operation.method != "GET" or operation.is_public:
            continue
        await stage.clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await RECIPES[operation.id](stage)
        for http in callers:
            asked: list[dict[str, Any]] = [{}]
            if "{" not in operation.template:
                names = {parameter.get("name") for parameter in operation.facts.get("parameters", ())}
                asked += [
                    {name: lists_of_ids[name[:-3]]}
                    for name in ("patient_id", "session_id", "course_id")
                    if name in names
                ]
            for params in asked:
                answer = await call.send(http, operation, params=params)
                assert PREFIX not in answer.text, f"{operation.id} {params}"
                assert PREFIX not in str(answer.headers), operation.id
    feed = await elsewhere.care.get("/v1/changes", params={"limit": 1000, "include": "resource"})
    assert feed["items"]
    assert PREFIX not in json.dumps(feed)
    for criterion in ({"family_name": PREFIX}, {"given_name": PREFIX.lower()}, {"family_name": "r"}):
        found = await elsewhere.care.http.post("/v1/patients/search", json=criterion)
        assert PREFIX not in found.text
    here = await stage.care.http.post("/v1/patients/search", json={"family_name": PREFIX.lower()})
    assert PREFIX in here.text, "the search would find it where it belongs"
