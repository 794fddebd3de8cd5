"""What a read leaves behind on its connection."""

import pytest
from sqlalchemy import text

from app.kernel.database import is_ready, open_database
from tests.world import Installation


@pytest.mark.parametrize("dialect", ["postgresql"])
async def test_a_read_leaves_prepared_statements_in_place(installation: Installation) -> None:
    """Otherwise PostgreSQL would plan every read anew, and every write that follows on the connection."""
    database = open_database(installation.settings.model_copy(update={"pool_size": 1}))
    for _ in range(10):
        assert await is_ready(database)
    async with database.reading() as db:
        prepared = (await db.execute(text("SELECT statement FROM pg_prepared_statements"))).scalars().all()
    await database.close()
    assert "SELECT 1" in prepared
