"""Data that ships as files named `CODE@VERSION.json`, read field by field.

A file that cannot be trusted stops the program at start, with a sentence that names the file and the field. Files are
never changed once shipped: what changes is a further version beside them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import NoReturn, Self, TypeVar, cast

Choice = TypeVar("Choice", bound=StrEnum)


class DataFileError(ValueError):
    """A data file is wrong; says which file and which field.

    `field` is the path of the field, such as `phases[0].sessions`, and `fault` the sentence about it, which repeats no
    value. Both are empty where the file as a whole cannot be read.
    """

    def __init__(self, message: str, *, field: str = "", fault: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.fault = fault


@dataclass(frozen=True, slots=True)
class DataFile:
    """One JSON object of a data file, read field by field; every complaint names the file and the field.

    Numbers with a decimal point arrive as `Decimal`, exactly as they are written. Shared by everything that ships as
    `CODE@VERSION.json`.
    """

    name: str
    members: Mapping[str, object]
    where: str = ""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file named `CODE@VERSION.json` and check that it holds that code and version.

        Raises:
            DataFileError: Not JSON, a member twice, not an object, or another code or version than the name says.
        """

        def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
            members = dict(pairs)
            if len(members) != len(pairs):
                message = f"{path.name}: a member appears twice"
                raise DataFileError(message)
            return members

        def no_constant(_: str) -> object:
            message = f"{path.name}: NaN and Infinity are not numbers"
            raise DataFileError(message)

        try:
            content: object = json.loads(
                path.read_text(encoding="utf-8"),
                parse_float=Decimal,
                parse_constant=no_constant,
                object_pairs_hook=unique,
            )
        except json.JSONDecodeError as reason:
            message = f"{path.name}: not JSON"
            raise DataFileError(message) from reason
        if not isinstance(content, dict):
            message = f"{path.name}: not a JSON object"
            raise DataFileError(message)
        file = cls(path.name, cast("dict[str, object]", content))
        if path.name != f"{file.text('code')}@{file.integer('version', minimum=1)}.json":
            file.refuse("code", "does not match the name of the file")
        return file

    def refuse(self, field: str, fault: str) -> NoReturn:
        """Complain about a field.

        Raises:
            DataFileError: Always; names the file and the field.
        """
        where = f"{self.where}{field}"
        raise DataFileError(f"{self.name}: {where}: {fault}", field=where, fault=fault)

    def only(self, *fields: str) -> None:
        """Refuse members nobody reads: a misspelt limit must not pass for a missing one."""
        for member in self.members:
            if member not in fields:
                self.refuse(member, "unknown field")

    def value(self, field: str) -> object:
        """Read a member that must be there; null counts as there."""
        if field not in self.members:
            self.refuse(field, "missing")
        return self.members[field]

    def is_null(self, field: str) -> bool:
        """Say whether a member is there and null."""
        return self.value(field) is None

    def text(self, field: str) -> str:
        """Read a text that is not blank."""
        value = self.value(field)
        if not isinstance(value, str) or not value.strip():
            self.refuse(field, "must be a text")
        return value

    def flag(self, field: str) -> bool:
        """Read true or false."""
        value = self.value(field)
        if not isinstance(value, bool):
            self.refuse(field, "must be true or false")
        return value

    def integer(self, field: str, *, minimum: int = 0) -> int:
        """Read a whole number that is not below `minimum`."""
        return self._integer(field, self.value(field), minimum)

    def decimal(self, field: str, *, or_zero: bool = False) -> Decimal:
        """Read a number above zero, or with `or_zero` not below it, exactly as written."""
        return self._decimal(field, self.value(field), or_zero=or_zero)

    def _decimal(self, field: str, value: object, *, or_zero: bool = False) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0 or not (value or or_zero):
            self.refuse(field, "must be a number, not below zero" if or_zero else "must be a number above zero")
        return Decimal(value)

    def choice(self, field: str, choices: type[Choice]) -> Choice:
        """Read one of a closed set."""
        text = self.text(field)
        if text not in set(choices):
            self.refuse(field, f"must be one of {', '.join(choices)}")
        return choices(text)

    def integers(self, field: str, *, minimum: int = 0) -> tuple[int, ...]:
        """Read a list of whole numbers, each above the one before it."""
        numbers = tuple(self._integer(field, number, minimum) for number in self._list(field))
        if any(one >= two for one, two in pairwise(numbers)):
            self.refuse(field, "must ascend")
        return numbers

    def decimals(self, field: str) -> tuple[Decimal, ...]:
        """Read a list of numbers above zero, each above the one before it."""
        numbers = tuple(self._decimal(field, number) for number in self._list(field))
        if any(one >= two for one, two in pairwise(numbers)):
            self.refuse(field, "must ascend")
        return numbers

    def texts(self, field: str) -> tuple[str, ...]:
        """Read a list of texts that are not blank."""
        texts = self._list(field)
        if not all(isinstance(text, str) and text.strip() for text in texts):
            self.refuse(field, "must be a list of texts")
        return tuple(str(text) for text in texts)

    def section(self, field: str) -> "DataFile":
        """Read an object inside this one."""
        return self._section(field, self.value(field))

    def sections(self, field: str) -> tuple["DataFile", ...]:
        """Read a list of objects inside this one."""
        return tuple(self._section(f"{field}[{index}]", value) for index, value in enumerate(self._list(field)))

    def optional_text(self, field: str) -> str | None:
        """Read a text or null."""
        return None if self.is_null(field) else self.text(field)

    def optional_integer(self, field: str, *, minimum: int = 0) -> int | None:
        """Read a whole number or null."""
        return None if self.is_null(field) else self.integer(field, minimum=minimum)

    def optional_decimal(self, field: str) -> Decimal | None:
        """Read a number above zero or null."""
        return None if self.is_null(field) else self.decimal(field)

    def _integer(self, field: str, value: object, minimum: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            self.refuse(field, f"must be a whole number, at least {minimum}")
        return value

    def _list(self, field: str) -> Sequence[object]:
        value = self.value(field)
        if not isinstance(value, list):
            self.refuse(field, "must be a list")
        return cast("list[object]", value)

    def _section(self, field: str, value: object) -> "DataFile":
        if not isinstance(value, dict):
            self.refuse(field, "must be an object")
        return DataFile(self.name, cast("dict[str, object]", value), where=f"{self.where}{field}.")
