"""The command line: `seriatim`. It calls the same actions as the API and never makes a password of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from app.demo.command import demo
from app.identity import actions
from app.identity.rules import Role
from app.identity.schemas import AdministratorCreate, ClientCreate, ClinicCreate, StaffCreate
from app.identity.tokens.actions import INVITATION_MINUTES, Issued, invite
from app.imports.command import imports
from app.kernel import migrations
from app.kernel.actor import Actor
from app.kernel.database import Database, WriteSession, open_database
from app.kernel.errors import Failure
from app.kernel.logging import configure
from app.kernel.migrations import SchemaMismatch
from app.kernel.settings import DEVELOPMENT_URL, Settings
from app.main import build_api
from app.main import work as run_work
from app.treatment.signatures.verify import verify_clinic

Result = TypeVar("Result")

# People read what is said here; standard output is kept for what a program may want.
_say: Final = Console(stderr=True, highlight=False, soft_wrap=True)

app: Final = typer.Typer(
    name="seriatim",
    help=(
        "The open-source record of ketamine treatment.\n\n"
        "Settings come from the environment with the prefix SERIATIM_, such as SERIATIM_DATABASE_URL. "
        "Begin with `seriatim migrate`, then `seriatim clinic create`, then `seriatim serve`."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
_operator: Final = typer.Typer(
    help="Operators run the installation and make clinics; they read no patient's data.", no_args_is_help=True
)
_clinic: Final = typer.Typer(help="Clinics of this installation.", no_args_is_help=True)
_staff: Final = typer.Typer(help="People who work in a clinic.", no_args_is_help=True)
_client: Final = typer.Typer(help="Integrators' programs.", no_args_is_help=True)
app.add_typer(_operator, name="operator")
app.add_typer(_clinic, name="clinic")
app.add_typer(_staff, name="staff")
app.add_typer(_client, name="client")
app.add_typer(imports, name="import")
app.command("demo")(demo)

Clinic = Annotated[UUID, typer.Option("--clinic", help="The clinic's id.")]
Username = Annotated[str, typer.Option(help="Login name, unique in this installation.")]


def main() -> None:
    """Run the command; say what is wrong in a sentence and not in a traceback."""
    try:
        app()
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            place = ".".join(str(part) for part in fault["loc"])
            _say.print(f"{place}: {fault['msg']}" if place else fault["msg"], markup=False)
        raise SystemExit(2) from None
    except Failure as failure:
        faults = "".join(f"\n  {fault.detail}" for fault in failure.faults)
        _say.print(f"{failure.title}. {failure.detail}{faults}".strip(), markup=False)
        raise SystemExit(1) from None
    except SchemaMismatch as error:
        _say.print(str(error), markup=False)
        raise SystemExit(1) from None


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen at.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Processes; SQLite allows one.", min=1, max=64)] = 1,
) -> None:
    """Serve the API.

    Refuses to start on a schema it does not know, and in production on unsafe settings.

    Example: `seriatim serve --host 0.0.0.0 --port 8000 --workers 4`
    """
    settings = Settings()
    if workers > 1 and settings.sqlite_file is not None:
        _say.print("SQLite serves with one process; use PostgreSQL for more.", markup=False)
        raise typer.Exit(2)
    _run(_require_current_schema(settings))
    configure(settings.log_level)
    _say.print(f"Serving on http://{host}:{port}", markup=False)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,  # the gate writes one line a request, without the query
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=10,
        timeout_graceful_shutdown=20,
        h11_max_incomplete_event_size=16_384,
    )


@app.command()
def work() -> None:
    """Number the ledger's changes, escalate alerts nobody answers, and forget old keys; serve nothing.

    `serve` does this too; a process of its own helps where many processes serve.

    Example: `seriatim work`
    """
    settings = Settings()
    configure(settings.log_level)
    _run(_work(settings))


async def _work(settings: Settings) -> None:
    async with _database(settings) as database:
        await run_work(database)


@app.command()
def migrate(
    revision: Annotated[str, typer.Option(help="Up to which revision.")] = "head",
) -> None:
    """Bring the database's schema to what this version needs.

    A step of its own, before `serve`. All steps succeed together or not at all.

    Example: `SERIATIM_DATABASE_URL=postgresql+psycopg://… seriatim migrate`
    """
    before, after = migrations.upgrade(Settings(), revision)
    moved = f"{before or 'an empty database'} to {after}"
    _say.print(f"The schema is at {after} already." if before == after else f"Migrated from {moved}.", markup=False)


@app.command()
def verify(
    clinic: Annotated[UUID | None, typer.Option("--clinic", help="Only this clinic; left out: every one.")] = None,
) -> None:
    """Compare every record with the ledger, the ledger with itself, and every signature with both.

    Names each record that was touched, by its id and nothing else, and then exits with 1.

    Example: `seriatim verify --clinic 0199…`
    """
    if _run(_verify(Settings(), clinic)):
        raise typer.Exit(1)


async def _verify(settings: Settings, clinic_id: UUID | None) -> int:
    """How many findings there were, each told as it was found."""
    count = 0
    async with _database(settings) as database:
        for one in [clinic_id] if clinic_id is not None else await actions.every_clinic(database):
            actor = await actions.system_actor(database, one, source="cli")
            _say.print(f"Clinic {one}", markup=False)
            async for checked in verify_clinic(database, actor):
                _say.print(f"  {checked.resource}: {checked.count}", markup=False)
                count += len(checked.findings)
                for finding in checked.findings:
                    typer.echo(f"{finding.resource} {finding.id} {finding.what}")
    _say.print("Nothing was touched." if count == 0 else f"{count} findings.", markup=False)
    return count


@app.command()
def openapi(
    output: Annotated[Path | None, typer.Option(help="Write to this file; default standard output.")] = None,
    server: Annotated[str, typer.Option(help="The address of the installation it describes.")] = DEVELOPMENT_URL,
) -> None:
    """Write the OpenAPI document, from which clients can be generated.

    Needs no database and reads no settings.

    Example: `seriatim openapi --output openapi.json`
    """
    settings = Settings.model_construct(database_url="sqlite+aiosqlite:///unused.db", public_url=server)
    document = json.dumps(build_api(settings, open_database(settings)).openapi(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        typer.echo(document, nl=False)
    else:
        output.write_text(document, encoding="utf-8")


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@_operator.command("create")
def create_operator(username: Username) -> None:
    """Make an operator, who chooses a password with the invitation that is printed.

    Example: `seriatim operator create --username ops`
    """

    async def act(db: WriteSession) -> Issued:
        account = await actions.create_account(db, username, is_operator=True)
        return invite(db, account.id)

    settings = Settings()
    _show_invitation(settings, {"operator": username}, _run(_in_transaction(settings, act)))


@_clinic.command("create")
def create_clinic(
    name: Annotated[str, typer.Option(help="What the clinic is called.")],
    time_zone: Annotated[str, typer.Option(help="IANA zone of its days, such as America/New_York.")],
    admin_username: Annotated[str, typer.Option(help="Login name of its first administrator.")],
    admin_name: Annotated[str, typer.Option(help="The administrator's name.")],
) -> None:
    """Make a clinic and invite its first administrator.

    The invitation is printed once; with it the administrator chooses a password.

    Example: `seriatim clinic create --name "Harbour Clinic" --time-zone America/New_York
    --admin-username dana --admin-name "Dana Okafor"`
    """
    administrator = AdministratorCreate(username=admin_username, name=admin_name)
    body = ClinicCreate(name=name, time_zone=time_zone, administrator=administrator)

    async def act(db: WriteSession) -> actions.NewClinic:
        return await actions.create_clinic(db, body, source="cli")

    settings = Settings()
    new = _run(_in_transaction(settings, act))
    _show_invitation(settings, {"clinic": str(new.clinic.id), "administrator": admin_username}, new.invitation)


@_staff.command("create")
def create_staff(
    clinic: Clinic,
    username: Username,
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[list[Role], typer.Option(help="What the person does; repeat for several.")],
) -> None:
    """Add a member of staff, who chooses a password with the invitation that is printed.

    Example: `seriatim staff create --clinic 0199… --username sam.levy --name "Sam Levy" --role nurse`
    """
    body = StaffCreate(username=username, name=name, roles=role)

    async def act(db: WriteSession, actor: Actor) -> tuple[str, Issued]:
        staff, invitation = await actions.create_staff(db, actor, body)
        assert invitation is not None
        return str(staff.id), invitation

    settings = Settings()
    staff_id, invitation = _run(_in_clinic(settings, clinic, act))
    _show_invitation(settings, {"staff": staff_id, "username": username}, invitation)


@_client.command("create")
def create_client(
    clinic: Clinic,
    name: Annotated[str, typer.Option(help="Which program this is.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; repeat for several.")],
) -> None:
    """Register an integrator's program. Its secret is printed once and kept nowhere.

    Example: `seriatim client create --clinic 0199… --name Registry --scope session:read --scope score:read`
    """
    body = ClientCreate(name=name, scopes=scope)

    async def act(db: WriteSession, actor: Actor) -> tuple[str, actions.ShownSecret]:
        client, secret = await actions.create_client(db, actor, body)
        assert secret is not None
        return str(client.id), secret

    client_id, secret = _run(_in_clinic(Settings(), clinic, act))
    _show({"client_id": client_id, "client_secret": secret.text, "expires_at": f"{secret.expires_at:%Y-%m-%d}"})
    _say.print("The secret is shown this once.", markup=False)


def _show_invitation(settings: Settings, made: dict[str, str], invitation: Issued) -> None:
    _show(made | {"invitation": invitation.text})
    _say.print(
        f"The invitation is shown this once and is good for {INVITATION_MINUTES} minutes. "
        "Its owner chooses a password:\n"
        f"  curl {settings.public_url}/oauth/password -H 'Content-Type: application/json' \\\n"
        f'    -d \'{{"token": "{invitation.text}", "password": "…"}}\'',
        markup=False,
    )


def _show(facts: dict[str, str]) -> None:
    """Facts as a table for people, or as one JSON line where the output is read by a program."""
    out = Console(highlight=False, soft_wrap=True)
    if not out.is_terminal:
        typer.echo(json.dumps(facts))
        return
    table = Table(show_header=False, box=None)
    for name, value in facts.items():
        table.add_row(name, value)
    out.print(table)


# ── databases ────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[Database]:
    database = open_database(settings)
    try:
        await migrations.require_current_schema(database)
        yield database
    finally:
        await database.close()


async def _require_current_schema(settings: Settings) -> None:
    async with _database(settings):
        pass


async def _in_transaction(settings: Settings, act: Any) -> Any:
    async with _database(settings) as database, database.writing() as db:
        return await act(db)


async def _in_clinic(settings: Settings, clinic_id: UUID, act: Any) -> Any:
    async with _database(settings) as database:
        actor = await actions.system_actor(database, clinic_id, source="cli")
        async with database.writing(actor) as db:
            return await act(db, actor)


def _run(work_to_do: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work_to_do)
