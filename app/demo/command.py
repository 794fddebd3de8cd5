"""`seriatim demo`: two synthetic clinics on an embedded database, filled once and served."""

import asyncio
import json
import os
import shutil
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.demo.fill import PATIENTS, ClinicCredentials, fill, present_day
from app.kernel import clock, migrations
from app.kernel.database import open_database
from app.kernel.settings import Environment, Settings

_DATABASE: Final = "seriatim.db"
_CREDENTIALS: Final = "demo-credentials.json"
_FILLING: Final = "filling"
_say: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def demo(  # one option each
    *,
    port: Annotated[int, typer.Option(help="The port to listen at, on this machine only.", min=1, max=65535)] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where the database and the credentials are kept.")] = Path(
        "demo-data"
    ),
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve after filling.")] = True,
    today: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The day to tell the story up to, at 13:20 on each clinic's wall, in the middle of its sessions; "
            "default the latest working day of which that is past.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number makes other people.")] = 1,
    patients: Annotated[
        int,
        typer.Option(
            help="How many patients the first clinic has; the second has a tenth of them. Twenty show all there is.",
            min=1,
            max=400,
        ),
    ] = PATIENTS,
) -> None:
    """Try Seriatim: two synthetic clinics, one large and one small, with people who can sign in.

    Every person in them is invented; as a whole they respond, relapse, stay away and forget their forms as published
    series do. The first run fills an embedded database, in less than a minute; later runs keep it. To begin anew,
    remove the folder. Passwords are made at random and kept in demo-credentials.json, which only its owner can read.
    The same seed and the same day make the same clinical content.

    Examples: `seriatim demo`, or in a few seconds `seriatim demo --patients 20 --port 8001 --data-dir demo-small`
    """
    base_url = f"http://127.0.0.1:{port}"
    file = data_dir.resolve() / _DATABASE
    if file.exists():
        migrations.upgrade(_settings(file, base_url))
        told = _kept(data_dir / _CREDENTIALS)
        if told["base_url"] != base_url:
            told["base_url"] = base_url
            _keep(data_dir / _CREDENTIALS, told)
    else:
        told = _fill(file, base_url, seed, today.date() if today else present_day(clock.now()), patients)
    _show(told)
    if serve:
        _serve(_settings(file, base_url), port)


def _settings(file: Path, base_url: str) -> Settings:
    return Settings(
        environment=Environment.DEVELOPMENT, database_url=f"sqlite+aiosqlite:///{file}", public_url=base_url, docs=True
    )


def _fill(file: Path, base_url: str, seed: int, today: date, patients: int) -> dict[str, Any]:
    """Fill a database elsewhere and move it here when it is whole, so that an interrupted run leaves nothing half."""
    filling = file.parent / _FILLING
    shutil.rmtree(filling, ignore_errors=True)
    filling.mkdir(parents=True, mode=0o700)
    settings = _settings(filling / _DATABASE, base_url)
    migrations.upgrade(settings)
    clinics = asyncio.run(_filled(settings, seed, today, patients))
    told = {"base_url": base_url, "clinics": [_credentials(clinic) for clinic in clinics]}
    _keep(file.parent / _CREDENTIALS, told)
    (filling / _DATABASE).rename(file)
    shutil.rmtree(filling)
    return told


async def _filled(settings: Settings, seed: int, today: date, patients: int) -> list[ClinicCredentials]:
    database = open_database(settings)
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=_say,
            transient=True,
            refresh_per_second=2,
        ) as progress:
            tasks: dict[str, Any] = {}

            def advance(name: str, done: int, of: int) -> None:
                if name not in tasks:
                    tasks[name] = progress.add_task(name, total=of)
                progress.update(tasks[name], completed=done)

            return await fill(database, seed=seed, today=today, patients=patients, advance=advance)
    finally:
        await database.close()


def _credentials(clinic: ClinicCredentials) -> dict[str, Any]:
    return {
        "id": clinic.id,
        "name": clinic.name,
        "users": {role: asdict(user) for role, user in clinic.users.items()},
        "client": {"client_id": clinic.client_id, "client_secret": clinic.client_secret},
    }


def _keep(path: Path, told: dict[str, Any]) -> None:
    """Write the credentials so that nobody but their owner can ever have read them."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(told, out, indent=2, ensure_ascii=False)
        out.write("\n")
    fresh.replace(path)


def _kept(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        _say.print(f"{path} is missing, and passwords are kept nowhere else. Remove {path.parent} to begin anew.")
        raise typer.Exit(1) from None


def _show(told: dict[str, Any]) -> None:
    for clinic in told["clinics"]:
        table = Table("role", title=clinic["name"], title_justify="left")
        table.add_column("username or client_id", overflow="fold")
        table.add_column("password or client_secret", overflow="fold")
        for role, user in clinic["users"].items():
            table.add_row(role, user["username"], user["password"])
        client = clinic["client"]
        table.add_row("client", client["client_id"], client["client_secret"])
        _say.print(table)
    _say.print(f"Documentation: {told['base_url']}/docs", markup=False)
    _say.print(f"Sign in:       POST {told['base_url']}/oauth/token", markup=False)


def _serve(settings: Settings, port: int) -> None:
    # The application is made in uvicorn's own way, from the environment, and so has to find its settings there.
    os.environ |= {
        "SERIATIM_ENVIRONMENT": settings.environment.value,
        "SERIATIM_DATABASE_URL": settings.database_url,
        "SERIATIM_PUBLIC_URL": settings.public_url,
        "SERIATIM_DOCS": "true",
    }
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
    )
