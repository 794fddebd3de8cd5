"""Fixtures of the proofs: the document's operations, and whether long proofs are asked for."""

import os

import pytest
from fastapi import FastAPI

from tests.proofs.recipes import Operation, operations_of


@pytest.fixture
def operations(api: FastAPI) -> list[Operation]:
    """Every operation the running application documents."""
    return operations_of(api.openapi())


@pytest.fixture(scope="session")
def deep() -> bool:
    """Whether `SERIATIM_DEEP=1` asks for full counts; otherwise the proofs run with counts that fit a normal run."""
    return os.environ.get("SERIATIM_DEEP") == "1"
