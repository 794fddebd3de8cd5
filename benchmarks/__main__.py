"""`python -m benchmarks`: both databases, a table each, `benchmarks/out/latest.json` and a picture.

Both servers run as processes of their own and are visited in turn; every other round the turn is reversed. What the
machine does meanwhile hits both, so the ratio of a round means something where an absolute figure does not.
"""

import argparse
import gc
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop

from app.kernel.settings import Settings
from benchmarks import load, report
from benchmarks.databases import SIDES, place_of
from benchmarks.operations import OPERATIONS, Operation, require_equal_answers
from benchmarks.reference import Tenant
from benchmarks.report import Tally
from benchmarks.servers import Server, Side, start
from benchmarks.workset import SESSIONS_PER_PATIENT, WorkSet, build

_OUT: Final = Path(__file__).parent / "out"
_WARM_UP_SECONDS: Final = 1.0
_PATIENTS: Final = {"small": 500, "full": 4000}


class WrongAnswers(AssertionError):
    """A server answered something else under load, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    patients: int
    seed: int
    rounds: int
    seconds: float
    most: int
    connections: int
    pool: int
    operations: Sequence[Operation]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"), help="default both")
    parser.add_argument("--operation", action="append", choices=[one.code for one in OPERATIONS], help="default all")
    parser.add_argument("--size", choices=_PATIENTS, default="small", help="how large the work set is")
    parser.add_argument("--patients", type=int, help="instead of a size: 6 sessions each, with 8 readings and 3 forms")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=1.2, help="the longest one visit lasts")
    parser.add_argument("--most", type=int, default=20_000, help="answers after which a visit ends earlier")
    parser.add_argument("--connections", type=int, default=32, help="requests under way at once")
    parser.add_argument("--pool", type=int, default=10, help="connections each side keeps to PostgreSQL")
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument(
        "--publish", type=Path, metavar="README", help="also write the table between the markers of its size"
    )
    asked = parser.parse_args()
    operations = [one for one in OPERATIONS if asked.operation is None or one.code in asked.operation]
    patients = asked.patients or _PATIENTS[asked.size]
    plan = Plan(
        patients, asked.seed, asked.rounds, asked.seconds, asked.most, asked.connections, asked.pool, operations
    )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; {plan.rounds} rounds, {plan.connections} connections")
    results: dict[str, dict[str, dict[str, Any]]] = {}
    for database in asked.database or ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="seriatim-bench-", ignore_cleanup_errors=True) as folder:
            # A PostgreSQL started by root runs as another user, who has to reach its files.
            Path(folder).chmod(0o755)
            results[database] = _measure(database, Path(folder), plan)
    report.write(asked.out, results)
    if asked.publish is not None:
        sessions = f"{patients * SESSIONS_PER_PATIENT:,}".replace(",", " ")
        report.publish(asked.publish, results, size=asked.size, sessions=sessions, machine=machine)
    print(f"\nWritten to {asked.out / 'latest.json'}")


def _measure(database: str, folder: Path, plan: Plan) -> dict[str, dict[str, Any]]:
    began = time.perf_counter()
    with place_of(database, folder) as place:
        work = build(Settings(database_url=place.empty()), patients=plan.patients, seed=plan.seed)
        urls = place.copies()
        print(f"\n{database}: {work.rows} records built in {time.perf_counter() - began:.0f} s", end="", flush=True)
        tenant = Tenant(work.clinic.id, work.clinic.principal_id, work.clinic.time_zone)
        servers = [
            start(Side(urls[0], plan.pool, folder / f"{SIDES[0]}.log")),
            start(Side(urls[1], plan.pool, folder / f"{SIDES[1]}.log", tenant)),
        ]
        try:
            sizes = require_equal_answers(work, plan.seed, [server.port for server in servers], urls)
            tallies = {one.code: (Tally(), Tally()) for one in plan.operations}
            for number in range(-1, plan.rounds):
                for operation in plan.operations:
                    _round(operation, number, servers, work, plan, tallies[operation.code])
                print(".", end="", flush=True)
        finally:
            for server in servers:
                server.stop()
    print(f" {time.perf_counter() - began:.0f} s")
    figures = report.figures_of(tallies)
    report.show(database, figures, sizes)
    return figures


def _round(
    operation: Operation, number: int, servers: Sequence[Server], work: WorkSet, plan: Plan, tallies: Sequence[Tally]
) -> None:
    """One visit to each side; the round before the first only warms up."""
    requests = operation.requests(work, number)
    turn = list(zip(servers, tallies, strict=True))
    for server, tally in reversed(turn) if number % 2 else turn:
        gc.collect()
        before = server.settle()
        seconds = _WARM_UP_SECONDS if number < 0 else plan.seconds
        visit = uvloop.run(
            load.visit(
                server.port,
                requests,
                expected=operation.expected,
                connections=plan.connections,
                seconds=seconds,
                most=plan.most,
            )
        )
        if visit.wrong:
            message = (
                f"{operation.code}: {visit.wrong} of {len(visit.latencies)} answers were not "
                f"{operation.expected.decode()}. The first:\n{visit.first_wrong}"
            )
            raise WrongAnswers(message)
        if number >= 0:
            tally.per_second.append(visit.per_second)
            tally.latencies.extend(visit.latencies)
            # With what the answers left to be done, such as numbering the changes.
            tally.cpu_seconds += server.settle() - before


if __name__ == "__main__":
    main()
