"""The README's tour is run as a newcomer would run it: its bash, against a server the demo command started."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

_README = Path(__file__).parent.parent / "README.md"
_DOCS = sorted((_README.parent / "docs").glob("*.md"))
_BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
# What a comment behind `pick` says the server answers.
_PROMISED = re.compile(r"\| pick [\w.]+ +# (.+)$", re.MULTILINE)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A demo server on a free port; its address and its credentials."""
    port = _free_port()
    command = [
        str(Path(sys.executable).with_name("seriatim")),
        "demo",
        "--port",
        str(port),
        "--data-dir",
        str(tmp_path),
        "--patients",
        "3",
    ]
    base = f"http://127.0.0.1:{port}"
    log = tmp_path / "server.log"  # and no pipe: one that nobody reads is full after some hundred requests
    with log.open("wb") as lines, subprocess.Popen(command, stdout=lines, stderr=subprocess.STDOUT) as server:
        try:
            _wait(base, server, log)
            yield base, tmp_path / "demo-credentials.json"
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(base: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text(encoding="utf-8")
        try:
            if httpx2.get(f"{base}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    pytest.fail("the demo server did not become ready")


def test_what_the_docs_show_is_what_the_server_answers(demo: tuple[str, Path]) -> None:
    """The tour, and after it the examples of each page of the docs, in one shell."""
    base, credentials = demo
    tour = _README.read_text(encoding="utf-8").split("## A tour")[1].split("\n## ")[0]
    pages = [tour, *(path.read_text(encoding="utf-8") for path in _DOCS)]
    script = "\n".join(block for page in pages for block in _BLOCK.findall(page))
    promised = [said.strip() for said in _PROMISED.findall(script)]
    assert len(promised) >= len(_DOCS)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | {"BASE": base, "CREDENTIALS": str(credentials)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    # Whole answers leave without a line break, so what `pick` printed ends a line.
    picked = iter(line.rsplit("}", 1)[-1] for line in done.stdout.splitlines())
    missing = [said for said in promised if said not in picked]
    assert not missing, done.stdout
