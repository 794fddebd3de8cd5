"""JSON as RFC 7493 restricts it."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.strict_json import MOST_DEPTH, MOST_ITEMS, MalformedJson, parse
from tests.factories.patients import patient_body
from tests.world import World

HOSTILE = {
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": Infinity}',
    "minus infinity": b'{"a": -Infinity}',
    "a number beyond doubles": b'{"a": 1e400}',
    "a tiny number": b'{"a": 1e-400}',
    "a long number": b'{"a": 0.' + b"1" * 100 + b"}",
    "a member twice": b'{"a": 1, "a": 2}',
    "a member twice, one escaped": b'{"a": 1, "\\u0061": 2}',
    "a member twice, deep": b'{"a": [{"b": {"c": 1, "c": 1}}]}',
    "65 bits": b'{"a": 9223372036854775808}',
    "65 bits below zero": b'{"a": -9223372036854775809}',
    "an endless integer": b'{"a": ' + b"9" * 5000 + b"}",
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "the other half": b'{"a": "x\\udfff"}',
    "half a pair as a name": b'{"\\ud83d": 1}',
    "nul": b'{"a": "x\\u0000"}',
    "nul as a name": b'{"\\u0000": 1}',
    "raw control character": b'{"a": "\x01"}',
    "not utf-8": b'{"a": "\xff"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "too deep": b'{"a": ' + b"[" * MOST_DEPTH + b"]" * MOST_DEPTH + b"}",
    "bottomless": b"[" * 100_000,
    "bottomless objects": b'{"a":' * 100_000,
    "a long list": b"[" + b"1," * MOST_ITEMS + b"1]",
    "a comment": b'{"a": 1 /* one */}',
    "a trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "two values": b"{} {}",
    "nothing": b"",
    "white space": b"  ",
    "hexadecimal": b'{"a": 0x10}',
    "a leading zero": b'{"a": 01}',
    "a plus": b'{"a": +1}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_is_refused_without_being_repeated(body: bytes) -> None:
    with pytest.raises(MalformedJson) as caught:
        parse(body)
    assert "\\u" not in caught.value.detail
    assert not caught.value.members


@pytest.mark.parametrize("body", [b for name, b in HOSTILE.items() if name not in {"nothing", "white space"}])
async def test_hostile_input_answers_400_over_http(clinic: World, body: bytes) -> None:
    nurse = await clinic.client("nurse")
    answer = await nurse.post("/v1/patients", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-json")


def test_what_is_plain_passes() -> None:
    body = '{"name": "Zoë 𝒳", "dose": 41.20, "n": -9223372036854775808, "list": [true, null, {"a": []}]}'.encode()
    value = parse(body)
    assert isinstance(value, dict)
    assert value["dose"] == Decimal("41.20")
    assert str(value["dose"]) == "41.20"
    assert value["n"] == -(2**63)
    assert value["name"] == "Zoë 𝒳"


def test_depth_and_length_up_to_the_limit_pass() -> None:
    parse(b"[" * (MOST_DEPTH - 1) + b"]" * (MOST_DEPTH - 1))
    parse(b"[" + b"1," * (MOST_ITEMS - 1) + b"1]")


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=5),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_what_json_can_say_is_read_as_said(value: object) -> None:
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with suppress(MalformedJson):
        parse(body)


async def test_numbers_are_not_coerced(clinic: World) -> None:
    """`true` is no dose and `"35"` no number."""
    nurse = await clinic.client("nurse")
    made = await nurse.post("/v1/patients", json=patient_body())
    for weight in (True, "82.4", None, [82.4]):
        answer = await nurse.post(
            f"/v1/patients/{made.json()['id']}/weights",
            json={"weight_kg": weight, "measured_at": "2026-03-02T13:45:00Z"},
        )
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["#/weight_kg"]
