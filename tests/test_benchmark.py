"""The benchmark compares like with like: it still builds its work set, and both sides still answer the same."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.kernel.settings import Settings
from benchmarks.databases import PostgresqlPlace, SqlitePlace
from benchmarks.operations import OPERATIONS, require_equal_answers
from benchmarks.reference import Tenant
from benchmarks.servers import Side, start
from benchmarks.workset import build


@pytest.mark.enable_socket
def test_both_sides_answer_the_same(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if dialect == "sqlite":
        place = SqlitePlace(tmp_path)
    else:
        place = PostgresqlPlace(make_url(request.getfixturevalue("postgres_url")))
    try:
        work = build(Settings(database_url=place.empty()), patients=20, seed=1)
        urls = place.copies()
        tenant = Tenant(work.clinic.id, work.clinic.principal_id, work.clinic.time_zone)
        servers = [
            start(Side(urls[0], 4, tmp_path / "ours.log")),
            start(Side(urls[1], 4, tmp_path / "its.log", tenant)),
        ]
        try:
            sizes = require_equal_answers(work, 1, [server.port for server in servers], urls)
        finally:
            for server in servers:
                server.stop()
    finally:
        if isinstance(place, PostgresqlPlace):
            place.drop()
    assert sizes.keys() == {operation.code for operation in OPERATIONS}
