"""One JSON line per event, from an allow-list of keys: what is not on the list cannot be logged.

Bodies, query strings, header values, statement parameters and exception messages never are; an exception leaves its
type and the places it passed.
"""

import logging
import sys
import traceback
from typing import Any, Final

import orjson
from typing_extensions import override

from app.kernel import clock

ALLOWED: Final = (
    "request_id", "client_request_id", "method", "route", "status", "duration_ms", "response_bytes",
    "clinic_id", "principal_id", "token_id", "client_address", "error_type", "error_at", "count",
)  # fmt: skip


class JsonLine(logging.Formatter):
    """A log record as one line of JSON."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"at": clock.now(), "level": record.levelname, "logger": record.name}
        # A message with arguments was written by somebody else's library, and its arguments may be anything.
        line["event"] = record.msg if record.name.startswith("seriatim") and not record.args else "library message"
        line |= {key: record.__dict__[key] for key in ALLOWED if key in record.__dict__}
        if record.exc_info and record.exc_info[0] is not None:
            line |= describe(record.exc_info[1])
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


def describe(error: BaseException | None) -> dict[str, Any]:
    """Type and path of an exception, without its message."""
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return {
        "error_type": type(error).__qualname__,
        "error_at": [
            f"{frame.filename.rsplit('/site-packages/', 1)[-1].rsplit('/app/', 1)[-1]}:{frame.lineno}"
            for frame in frames
        ],
    }


def configure(level: str) -> None:
    """Send everything to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy.engine"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"
        logger.setLevel("WARNING")
