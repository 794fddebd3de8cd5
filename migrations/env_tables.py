"""Every table there should be, and how its column types are written in a migration."""

import importlib
import pkgutil
from typing import Literal

from sqlalchemy import JSON, MetaData

import app
from app.kernel.tables import Base, Scaled, UtcDateTime


def all_tables() -> MetaData:
    """Every table of every area: whatever is declared in a module called `models`, and the kernel's own."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)
    for name in ("app.kernel.ledger", "app.kernel.idempotency"):
        importlib.import_module(name)
    return Base.metadata


def as_literal(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our column types as what they are stored as, so that a migration needs nothing of the application."""
    if kind == "type" and isinstance(item, Scaled):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        return 'sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")'
    return False
