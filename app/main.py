"""The application: knows every area; no area knows it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from app.about import ABOUT
from app.alerts.routes import router as alerts
from app.alerts.worker import Escalator
from app.assessments.routes import router as assessments
from app.courses.external.routes import router as external_treatments
from app.courses.routes import router as courses
from app.dosing.routes import router as dosing
from app.identity.routes import router as identity
from app.identity.tokens.actions import Passwords, Tokens
from app.identity.tokens.routes import passwords
from app.identity.tokens.routes import router as tokens
from app.integrations.changes.routes import router as changes
from app.kernel import problems
from app.kernel.database import Database, open_database
from app.kernel.endpoint import permission_of
from app.kernel.gate import Gate
from app.kernel.logging import configure
from app.kernel.migrations import require_current_schema
from app.kernel.openapi import build_document
from app.kernel.pages.routes import health
from app.kernel.pages.routes import router as pages
from app.kernel.settings import Settings
from app.kernel.workers import run_workers
from app.monitoring.routes import router as monitoring
from app.monitoring.slots.routes import router as vital_slots
from app.monitoring.watches.routes import router as watches
from app.outcomes.routes import router as outcomes
from app.patients.allergies.routes import router as allergies
from app.patients.conditions.routes import router as conditions
from app.patients.episodes.routes import router as episodes
from app.patients.limits.routes import router as patient_limits
from app.patients.medication_trials.routes import router as medication_trials
from app.patients.medications.routes import router as medications
from app.patients.reproduction.routes import router as reproduction
from app.patients.routes import router as patients
from app.policies.routes import router as policies
from app.protocols.routes import router as protocols
from app.safety.routes import router as safety
from app.screening.consents.routes import router as consents
from app.screening.enrolments.routes import router as programme_enrolments
from app.screening.routes import router as screening
from app.sessions.routes import router as sessions
from app.treatment.addenda.routes import router as addenda
from app.treatment.board.routes import router as board
from app.treatment.board.streams import Streams, told_to_stop
from app.treatment.chairside.routes import router as chairside
from app.treatment.decisions.routes import router as decisions
from app.treatment.discharge.routes import router as discharge
from app.treatment.doses.routes import router as doses
from app.treatment.elsewhere.routes import router as elsewhere
from app.treatment.proposal.routes import router as proposal
from app.treatment.readiness.routes import router as readiness
from app.treatment.reassign.routes import router as reassignments
from app.treatment.routes import router as treatment
from app.treatment.rows.routes import router as session_rows
from app.treatment.screenings.routes import router as screenings
from app.treatment.signatures.routes import router as signatures
from app.treatment.visits.routes import router as visits
from app.treatment.weights.routes import router as weights
from app.treatment.worklist.routes import router as worklist

ROUTERS: Final = (
    tokens,
    passwords,
    identity,
    policies,
    patients,
    weights,
    episodes,
    patient_limits,
    conditions,
    allergies,
    medications,
    medication_trials,
    reproduction,
    external_treatments,
    screening,
    screenings,
    consents,
    programme_enrolments,
    protocols,
    courses,
    decisions,
    elsewhere,
    sessions,
    readiness,
    dosing,
    doses,
    proposal,
    visits,
    discharge,
    signatures,
    addenda,
    monitoring,
    vital_slots,
    watches,
    safety,
    assessments,
    treatment,
    session_rows,
    reassignments,
    chairside,
    board,
    worklist,
    outcomes,
    alerts,
    changes,
    health,
    pages,
)

# Routes are tried one after the other, so what a treatment day asks for all the time comes first.
_ASKED_MOST: Final = (treatment, session_rows, chairside, board, sessions, monitoring, assessments)


async def work(database: Database) -> None:
    """What is done beside the requests, until cancelled."""
    await run_workers(database, Escalator(database).run())


class UndeclaredPermission(RuntimeError):
    """A route says nothing about who may call it; the application does not start."""


def build_api(settings: Settings, database: Database) -> FastAPI:
    """The FastAPI application, without the gate around it."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncGenerator[None]:
        await require_current_schema(database)
        working = asyncio.create_task(work(database))
        streams: Streams = api.state.streams
        with told_to_stop(streams.end):
            yield
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await database.close()

    api = FastAPI(
        title=ABOUT.title,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.settings = settings
    api.state.database = database
    api.state.passwords = Passwords()
    api.state.tokens = Tokens(database, settings)
    api.state.streams = Streams(database)
    for router in sorted(ROUTERS, key=lambda router: router not in _ASKED_MOST):
        api.include_router(router)
    api.openapi = cache(lambda: build_document(routes_of(api), ABOUT, settings))
    problems.install(api, routes_of(api))
    require_permissions(api)
    return api


def routes_of(api: FastAPI) -> Sequence[BaseRoute]:
    """Every route, those of included routers among them."""
    return [*api.routes, *(route for router in ROUTERS for route in router.routes)]


def require_permissions(api: FastAPI) -> None:
    """Refuse to start when a route under /v1 declares no permission.

    Raises:
        UndeclaredPermission: naming the route.
    """
    for route in routes_of(api):
        if isinstance(route, APIRoute) and route.path.startswith("/v1") and permission_of(route.dependant) is None:
            message = f"{route.path} declares no permission."
            raise UndeclaredPermission(message)


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The whole application, for `uvicorn --factory app.main:create_app`."""
    settings = settings or Settings()
    configure(settings.log_level)
    api = build_api(settings, open_database(settings))
    return Gate(api, settings, lambda: api.state.tokens)
