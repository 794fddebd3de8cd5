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
# What the comments in the tour say the server answers, in their order.
_SAID = ["19", "acknowledged", "41.2", "29.86", "discharged", "7", "response", "29.86", "session.scheduled"]


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
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            _wait(base, server)
            yield base, tmp_path / "demo-credentials.json"
        finally:
            server.terminate()
            server.wait(timeout=20)
            assert server.stdout is not None
            server.stdout.read()


def _wait(base: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert server.poll() is None, server.stdout.read().decode() if server.stdout else ""
        try:
            if httpx2.get(f"{base}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    pytest.fail("the demo server did not become ready")


def test_the_tour_says_what_it_promises(demo: tuple[str, Path]) -> None:
    base, credentials = demo
    tour = _README.read_text(encoding="utf-8").split("## A tour")[1].split("\n## ")[0]
    script = "\n".join(re.findall(r"```bash\n(.*?)```", tour, re.DOTALL))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | {"BASE": base, "CREDENTIALS": str(credentials)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    # Whole answers leave without a line break, so what `pick` printed ends a line.
    picked = iter(line.rsplit("}", 1)[-1] for line in done.stdout.splitlines())
    assert all(said in picked for said in _SAID), done.stdout
