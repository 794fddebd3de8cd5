"""One ASGI function around everything: host, size, request id, who is calling, safe headers, one log line.

One function and not a stack of middleware classes, because each class costs more than all of this together. Checks
run in the order in which they answer: host 421, size 413, token 401; the rest is the application's.
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kernel.actor import Caller
from app.kernel.errors import BadRequest, Failure, Unauthenticated
from app.kernel.ids import new_id
from app.kernel.problems import failure_of_crash, problem_response
from app.kernel.settings import Settings

_log: Final = logging.getLogger("seriatim.request")
_CLIENT_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OPEN_PATHS: Final = frozenset({"/v1/openapi.json"})
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
)


class UnknownHost(Failure):
    """The request was meant for another host name."""

    status = 421
    code = "unknown-host"
    title = "This server does not answer to that host name"
    advice = "Call the server by its public name; the operator lists the names it answers to in SERIATIM_ALLOWED_HOSTS."


class BodyTooLarge(Failure):
    """The body is larger than anything this API reads."""

    status = 413
    code = "body-too-large"
    title = "The request body is too large"
    advice = "Send less at once: a series in several batches, a long note in several notes."


class TokenInUrl(BadRequest):
    """A token in a URL reaches logs and histories; it was revoked."""

    code = "token-in-url"
    title = "Tokens belong in the Authorization header; this one was revoked"
    advice = "Sign in again and send the new token in the Authorization header. The old one no longer works."


class Authenticator(Protocol):
    """What the gate needs to know of tokens."""

    async def caller_of(self, token: str, *, stays_awake: bool = True) -> Caller | None:
        """Whom a live token belongs to; whether it counts as used just now."""
        ...

    async def revoke(self, token: str) -> None:
        """End a token."""
        ...


class Gate:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, settings: Settings, authenticator: Callable[[], Authenticator]) -> None:
        self.app = app
        self._settings = settings
        self._authenticator = authenticator
        self._hosts = {host.lower() for host in settings.allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on what is no request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = f"req_{new_id()}"
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        asked = state["method"] = scope["method"]
        if asked == "HEAD":
            # HEAD is GET without the body (RFC 9110, 9.3.2), on every address and with the same headers.
            scope = {**scope, "method": "GET"}
        headers = dict(scope["headers"])
        sent: dict[str, int] = {}

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                present = {name for name, _ in message["headers"]}
                safe = [pair for pair in _HEADERS if pair[0] not in present]
                message["headers"] = [*message["headers"], *safe, (b"request-id", request_id.encode())]
            elif message["type"] == "http.response.body":
                if asked == "HEAD":
                    message = {**message, "body": b""}
                sent["bytes"] = sent.get("bytes", 0) + len(message.get("body", b""))
            await send(message)

        try:
            await self._admit(scope, headers, state)
            await self.app(scope, self._counted(receive), send_safely)
        except Failure as failure:
            if "status" not in sent:
                await problem_response(failure, request_id)(scope, receive, send_safely)
        except Exception as error:  # noqa: BLE001  # the last net: whatever it is, it leaves as a problem
            # The answer is a fixed text; the log gets the type and the places, never the message.
            _log.exception("request failed", extra={"request_id": request_id})
            if "status" not in sent:
                await problem_response(failure_of_crash(error), request_id)(scope, receive, send_safely)
        finally:
            self._log_line(scope, asked, headers, state, sent, started)

    async def _admit(self, scope: Scope, headers: dict[bytes, bytes], state: dict[str, Any]) -> None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        # Who asks whether we are alive often knows only our address.
        if not scope["path"].startswith("/health/") and "*" not in self._hosts and name not in self._hosts:
            raise UnknownHost
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._settings.max_body_bytes:
            raise self._too_large()
        await self._refuse_token_in_url(scope)
        path: str = scope["path"]
        if not (path.startswith("/v1/") or path == "/v1") or path in _OPEN_PATHS:
            return
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        challenge = {"WWW-Authenticate": 'Bearer realm="seriatim"'}
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send a token: Authorization: Bearer kts_…", headers=challenge)
        caller = await self._authenticator().caller_of(token.strip())
        if caller is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="seriatim", error="invalid_token"'}
            raise Unauthenticated("The token is unknown, expired or revoked. Sign in again.", headers=challenge)
        state["caller"] = caller

    async def _refuse_token_in_url(self, scope: Scope) -> None:
        query: bytes = scope["query_string"]
        if not any(prefix in query for prefix in (b"kts_", b"ktc_")):
            return
        for _, value in parse_qsl(query.decode("latin-1")):
            if value.startswith(("kts_", "ktc_")):
                await self._authenticator().revoke(value)
                raise TokenInUrl

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"At most {self._settings.max_body_bytes} bytes.", headers={"Connection": "close"})

    def _counted(self, receive: Receive) -> Receive:
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._settings.max_body_bytes:
                raise self._too_large()
            return message

        return counted

    def _log_line(
        self,
        scope: Scope,
        method: str,
        headers: dict[bytes, bytes],
        state: dict[str, Any],
        sent: dict[str, int],
        started: float,
    ) -> None:
        theirs = headers.get(b"x-request-id", b"").decode("latin-1")
        caller: Caller | None = state.get("caller")
        actor = state.get("actor")
        _log.info(
            "request",
            extra={
                "request_id": state["request_id"],
                "client_request_id": theirs if _CLIENT_REQUEST_ID.fullmatch(theirs) else None,
                "method": method,
                # The template, not the path: people type names into addresses.
                "route": getattr(scope.get("route"), "path", None),
                "status": sent.get("status", 0),
                "response_bytes": sent.get("bytes", 0),
                "duration_ms": round((time.perf_counter() - started) * 1000, 2),
                "token_id": caller.token_id if caller else None,
                "clinic_id": actor.clinic_id if actor else None,
                "principal_id": actor.principal_id if actor else None,
            },
        )
