"""`seriatim import`: reading other people's files from the command line."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.imports.findings import Finding, UnusableFile, Weight
from app.imports.trial.actions import Report, import_trial
from app.kernel.database import open_database
from app.kernel.migrations import require_current_schema
from app.kernel.settings import Settings

ROWS_REFUSED: Final = 3
FILES_UNUSABLE: Final = 1

_say: Final = Console(stderr=True, highlight=False, soft_wrap=True)

imports: Final = typer.Typer(help="Read other people's files into a clinic's record.", no_args_is_help=True)


@imports.callback()
def _group() -> None:
    """Read other people's files into a clinic's record."""


@imports.command("trial")
def trial(
    directory: Annotated[
        Path,
        typer.Option("--from", help="The directory with participants.tsv, phenotype.tsv, dataset_description.json."),
    ],
    clinic: Annotated[UUID, typer.Option("--clinic", help="The clinic's id.")],
    anchor_on: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d"],
            show_default="2000-01-01",
            help="The day everybody's first infusion is placed on; the files have no dates.",
        ),
    ] = datetime(2000, 1, 1),  # noqa: DTZ001  # a day, as the option reads it; so early that nobody takes it for true
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; nothing is recorded.")] = False,
    database_url: Annotated[
        str | None, typer.Option(help="The database, where it is not SERIATIM_DATABASE_URL.", show_default=False)
    ] = None,
) -> None:
    """Read the public NIMH ketamine crossover trial (OpenNeuro ds005917, CC0).

    Each participant becomes a patient with one course under OPEN, a session for each infusion that took place and an
    assessment for each score; all have the origin `import`. Running it again changes nothing.

    From the answers of the API the arm is the `placebo` of the session's administration, and the day is
    `days_since_last_dose` of the assessment, which is `answered_on` less the day of the session it names. An
    assessment without a session is the baseline. The group is the course's `indication_code`: F33.9 depression,
    F31.9 bipolar, Z00.6 healthy.

    A participant is recorded whole or not at all. Rows that cannot be taken are listed with file, line, column and
    rule. The command ends with 0 when all rows are in that tell enough to be placed, 3 when others were refused, and
    1 when the files cannot be read and nothing was recorded.

    Example: `seriatim import trial --from ds005917 --clinic 0199… --anchor-on 2010-03-01 --dry-run`
    """
    settings = Settings() if database_url is None else Settings(database_url=database_url)
    try:
        report = asyncio.run(_import(settings, clinic, directory, anchor_on, dry_run=dry_run))
    except UnusableFile as error:
        _tell(error.findings)
        _say.print("Nothing was recorded.")
        raise typer.Exit(FILES_UNUSABLE) from None
    _show(report)
    if report.refused:
        raise typer.Exit(ROWS_REFUSED)


async def _import(settings: Settings, clinic: UUID, directory: Path, anchor_on: datetime, *, dry_run: bool) -> Report:
    database = open_database(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        await require_current_schema(database)
        with Progress(*columns, console=_say) as progress:
            task = progress.add_task("Participants", total=None)
            report = await import_trial(
                database,
                clinic,
                directory,
                anchor_on.date(),
                dry_run=dry_run,
                advance=lambda done, of: progress.update(task, completed=done, total=of),
            )
        await database.sealer.seal()
    finally:
        await database.close()
    return report


def _show(report: Report) -> None:
    """The report as tables for people, and as one JSON line where the output is read by a program."""
    summary = Table("", "recorded", "already there", title="Dry run: nothing was recorded" if report.dry_run else None)
    for kind, counts in report.counts.items():
        summary.add_row(f"{kind}s", str(counts.recorded), str(counts.already_there))
    _say.print(summary)
    _tell(report.findings)
    _say.print(
        f"{report.rows} rows read, {report.rows_without_score} of them without any score. "
        f"The first infusion stands on {report.anchor_on}; all dates are relative to it."
    )
    out = Console(highlight=False, soft_wrap=True)
    if not out.is_terminal:
        typer.echo(json.dumps(as_json(report)))


def as_json(report: Report) -> dict[str, object]:
    """The report for programs."""
    return {
        "doi": report.doi,
        "source": report.source,
        "anchor_on": report.anchor_on.isoformat(),
        "dry_run": report.dry_run,
        "rows": report.rows,
        "rows_without_score": report.rows_without_score,
        "counts": {
            kind: {"recorded": counts.recorded, "already_there": counts.already_there}
            for kind, counts in report.counts.items()
        },
        "findings": [
            {name: getattr(finding, name) for name in ("file", "line", "column", "rule", "detail", "weight")}
            for finding in report.findings
        ],
    }


def _tell(findings: Sequence[Finding]) -> None:
    """One line a finding: file, line, column, rule, what it means."""
    for finding in findings:
        place = f"{finding.file}:{finding.line}" + (f" {finding.column}" if finding.column else "")
        colour = "red" if finding.weight is Weight.REFUSED else "yellow"
        _say.print(f"{place}  {finding.rule} ({finding.weight})  {finding.detail}", style=colour, markup=False)
