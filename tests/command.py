"""`seriatim`, each command in a process of its own that need not read the application again.

The first command of a run starts a server that has read it; every command is a fork of that one, and so as alone as
if a shell had started it: with an environment, a folder, output and an exit code of its own. `test_readme.py` starts
the installed script.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["app.cli"])


def seriatim(
    *arguments: str, environment: Mapping[str, str] | None = None, folder: Path | None = None, timeout: float = 180
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end.

    Args:
        arguments: What stands behind `seriatim`.
        environment: All that is set; default what is set here.
        folder: Where it is run; default here.
        timeout: Seconds after which it is given up.
    """
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept) / "out", Path(kept) / "err"
        settings = dict(os.environ if environment is None else environment)
        process = _FORKS.Process(target=_command, args=(arguments, settings, folder, out, err))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, timeout)
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read_text(), err.read_text())


def _command(
    arguments: tuple[str, ...], settings: Mapping[str, str], folder: Path | None, out: Path, err: Path
) -> None:
    for path, stream in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream)
    os.environ.clear()
    os.environ.update(settings)
    if folder is not None:
        os.chdir(folder)
    sys.argv = ["seriatim", *arguments]
    from app.cli import main  # noqa: PLC0415  # the server has read it

    main()
