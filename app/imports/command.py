"""`seriatim import`: reading other people's files from the command line."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from app.imports.findings import Finding, UnusableFile, Weight
from app.imports.records import actions as records_import
from app.imports.records.cells import DayOrder, DecimalSign, Writing
from app.imports.records.columns import MEMBERS, ScoreColumn
from app.imports.records.files import Encoding, Sheet
from app.imports.records.rules import printable
from app.imports.runs import Counts
from app.imports.trial.actions import Report, import_trial
from app.kernel.database import open_database
from app.kernel.migrations import require_current_schema
from app.kernel.settings import Settings

ROWS_REFUSED: Final = 3
FILES_UNUSABLE: Final = 1

_SAMPLE: Final = Path(__file__).parent / "records" / "data" / "sample.csv"
_MOST_TOLD: Final = 100

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
    _as_program_reads(as_json(report))


def as_json(report: Report) -> dict[str, object]:
    """The report for programs."""
    return {
        "doi": report.doi,
        "source": report.source,
        "anchor_on": report.anchor_on.isoformat(),
        "dry_run": report.dry_run,
        "rows": report.rows,
        "rows_without_score": report.rows_without_score,
        "counts": _counts_as_json(report.counts),
        "findings": [_finding_as_json(finding) for finding in report.findings],
    }


def _counts_as_json(counts: Mapping[str, Counts]) -> dict[str, dict[str, int]]:
    return {kind: {"recorded": one.recorded, "already_there": one.already_there} for kind, one in counts.items()}


def _tell(findings: Sequence[Finding]) -> None:
    """One line a finding: file, line, column, rule, what it means."""
    for finding in findings[:_MOST_TOLD]:
        place = f"{finding.file}:{finding.line}" + (f" {finding.column}" if finding.column else "")
        colour = "red" if finding.weight is Weight.REFUSED else "yellow"
        _say.print(f"{place}  {finding.rule} ({finding.weight})  {finding.detail}", style=colour, markup=False)


def _finding_as_json(finding: Finding) -> dict[str, object]:
    return {name: getattr(finding, name) for name in ("file", "line", "column", "rule", "detail", "weight")}


def _as_program_reads(told: dict[str, object]) -> None:
    """One JSON line, where the output is read by a program."""
    out = Console(highlight=False, soft_wrap=True)
    if not out.is_terminal:
        typer.echo(json.dumps(told))


# ── a clinic's own spreadsheet ───────────────────────────────────────────────────────────────────────────────────────


def _pairs(told: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for one in told:
        name, equals, value = one.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise typer.BadParameter("Write it as NAME=VALUE.", param_hint=option)
        pairs[name.strip()] = value.strip()
    return pairs


@imports.command("records")
def records(  # noqa: PLR0913  # one option each
    file: Annotated[Path, typer.Option("--from", help="The spreadsheet as a CSV file; comma, semicolon or tab.")],
    clinic: Annotated[UUID | None, typer.Option("--clinic", help="The clinic's id; not needed with --explain.")] = None,
    dates: Annotated[
        DayOrder, typer.Option(help="How days are written: 2025-03-04 (iso), 04.03.2025 (dmy), 3/4/2025 (mdy).")
    ] = DayOrder.ISO,
    decimals: Annotated[DecimalSign, typer.Option(help="What stands before the decimals.")] = DecimalSign.POINT,
    encoding: Annotated[Encoding, typer.Option(help="How letters are written.")] = Encoding.UTF_8,
    system: Annotated[
        str, typer.Option(help="Who gave the patients' keys, as a URI; the key becomes an identifier of it.")
    ] = records_import.SYSTEM,
    named: Annotated[
        list[str] | None,
        typer.Option("--map", help="What a column holds, as HEADER=MEMBER; repeat for several.", show_default=False),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="The same for every row, as MEMBER=VALUE; repeat for several.", show_default=False),
    ] = None,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say what the columns hold, and read no row.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; nothing is recorded.")] = False,
    database_url: Annotated[
        str | None, typer.Option(help="The database, where it is not SERIATIM_DATABASE_URL.", show_default=False)
    ] = None,
) -> None:
    """Read a clinic's own spreadsheet: patients, sessions, doses, readings and scores, one row a session.

    `seriatim import template` writes a file to begin with; docs/importing-records.md describes every column.

    A patient is recorded whole or not at all. Rows that cannot be taken are listed with file, line, column and rule,
    never with what they hold. Running it again changes nothing; a row that changed meanwhile is told and changes
    nothing either. Facts of long ago raise no live alarm.

    The command ends with 0 when everything is in, 3 when patients were left out or rows differ from the record, and 1
    when the file cannot be used and nothing was recorded.

    Example: `seriatim import records --clinic 0199… --from sessions.csv --dates dmy --decimals comma --dry-run`
    """
    options = records_import.Options(
        Writing(dates, decimals), encoding, system, _pairs(named or [], "--map"), _pairs(given or [], "--set")
    )
    if unknown := set(options.given) - {member.name for member in MEMBERS}:
        raise typer.BadParameter(f"There is no member {min(unknown)}.", param_hint="--set")
    if clinic is None and not explain:
        raise typer.BadParameter("Which clinic?", param_hint="--clinic")
    try:
        if explain:
            _explain(file, options)
            return
        assert clinic is not None
        settings = Settings() if database_url is None else Settings(database_url=database_url)
        report = asyncio.run(_import_records(settings, clinic, file, options, dry_run=dry_run))
    except UnusableFile as error:
        _tell(error.findings)
        _say.print("Nothing was recorded." if not explain else "The file cannot be used.")
        raise typer.Exit(FILES_UNUSABLE) from None
    _show_records(report)
    if report.refused:
        raise typer.Exit(ROWS_REFUSED)


async def _import_records(
    settings: Settings, clinic: UUID, file: Path, options: records_import.Options, *, dry_run: bool
) -> records_import.Report:
    database = open_database(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        await require_current_schema(database)
        with Progress(*columns, console=_say) as progress:

            def advancing(what: str) -> Callable[[int, int], None]:
                task = progress.add_task(what, total=None)
                return lambda done, of: progress.update(task, completed=done, total=of)

            report = await records_import.import_records(
                database,
                clinic,
                file,
                options,
                dry_run=dry_run,
                reading=advancing("Bytes read"),
                recording=advancing("Rows recorded"),
            )
        await database.sealer.seal()
    finally:
        await database.close()
    return report


def _explain(file: Path, options: records_import.Options) -> None:
    """Say what each column holds, what is left unread and what is missing."""
    with Sheet(file, options.encoding) as sheet:
        layout = records_import.layout_of(sheet, options)
    table = Table("column", "header", "is read as", "which is", title=sheet.name, title_justify="left")
    for column in layout.columns:
        holds = column.holds
        meaning = f"{holds.instrument}, {holds.moment} the dose" if isinstance(holds, ScoreColumn) else holds.meaning
        table.add_row(str(column.place + 1), Text(printable(column.header)), holds.name, Text(meaning))
    for place, header in layout.ignored:
        table.add_row(str(place + 1), Text(printable(header)), "nothing", "left unread")
    for name, value in layout.given.items():
        table.add_row("--set", "", name, Text(printable(value)))
    for name in layout.missing:
        table.add_row("missing", "", name, "needed")
    _say.print(table)
    _tell([finding for finding in layout.findings if finding.rule != "column_unknown"])
    _as_program_reads(
        {
            "columns": [
                {"column": column.place + 1, "header": column.header, "member": column.holds.name}
                for column in layout.columns
            ],
            "ignored": [{"column": place + 1, "header": header} for place, header in layout.ignored],
            "missing": list(layout.missing),
            "usable": layout.is_usable,
        }
    )
    if not layout.is_usable:
        raise typer.Exit(FILES_UNUSABLE)


def _show_records(report: records_import.Report) -> None:
    summary = Table("", "recorded", "already there", title="Dry run: nothing was recorded" if report.dry_run else None)
    for kind, counts in report.counts.items():
        summary.add_row(kind.replace("_", " "), str(counts.recorded), str(counts.already_there))
    _say.print(summary)
    _tell(report.findings)
    if (more := report.findings_by_rule.total() - _MOST_TOLD) > 0:
        _say.print(f"… and {more} more. By rule:")
        for rule, count in report.findings_by_rule.most_common():
            _say.print(f"  {rule}: {count}", markup=False)
    _say.print(
        f"{report.rows} rows of {report.patients} patients read; {report.patients_left_out} patients were left out."
    )
    _as_program_reads(
        {
            "source": report.source,
            "dry_run": report.dry_run,
            "rows": report.rows,
            "patients": report.patients,
            "patients_left_out": report.patients_left_out,
            "counts": _counts_as_json(report.counts),
            "findings_by_rule": dict(report.findings_by_rule),
            "findings": [_finding_as_json(finding) for finding in report.findings],
        }
    )


@imports.command("template")
def template(
    output: Annotated[Path | None, typer.Option(help="Write to this file; default standard output.")] = None,
) -> None:
    """Write a spreadsheet to begin with: the usual columns of a records import, and rows of invented people.

    Example: `seriatim import template --output sessions.csv`
    """
    sample = _SAMPLE.read_text(encoding="utf-8")
    if output is None:
        typer.echo(sample, nl=False)
    else:
        output.write_text(sample, encoding="utf-8")
