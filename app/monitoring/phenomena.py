"""The shipped words for what people experience."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def shipped_phenomena() -> Mapping[str, str]:
    """Meanings by code; the newest version of the list."""
    rows = json.loads((Path(__file__).parent / "data" / "phenomena@1.json").read_text(encoding="utf-8"))
    return {row["code"]: row["meaning"] for row in rows["phenomena"]}
