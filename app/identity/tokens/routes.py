"""`/oauth/*`: answers in the shape of RFC 6749, whatever the rest of the API does."""

from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from app.identity.rules import OAuthError, PasswordRefused
from app.identity.tokens.actions import choose_password, issue_at_sign_in
from app.identity.tokens.schemas import OwnPassword
from app.kernel.endpoint import Endpoint
from app.kernel.errors import Failure, NotFound
from app.kernel.problems import documented

router: Final = APIRouter(prefix="/oauth", tags=["sign-in"])
passwords: Final = APIRouter(prefix="/oauth", route_class=Endpoint, tags=["sign-in"])

_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST: Final = 300
_PLAIN: Final = "^[^\\u0000\\ufffd]*$"


def _form_schema(required: list[str], members: dict[str, str]) -> dict[str, Any]:
    properties = {
        name: {
            "type": "string",
            "description": text,
            "minLength": int(name in required),
            "maxLength": _LONGEST,
            "pattern": _PLAIN,
            "examples": [_EXAMPLES.get(name, name)],
        }
        for name, text in members.items()
    }
    # Parameters nobody knows are ignored, as RFC 6749 has it (3.2).
    others = {"type": "string", "maxLength": _LONGEST, "pattern": _PLAIN}
    schema = {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": others,
        "maxProperties": 20,
    }
    return {"requestBody": {"required": True, "content": {_FORM: {"schema": schema}}}}


_EXAMPLES: Final = {"grant_type": "password", "username": "sam.levy", "scope": "session:read score:read"}
_TOKEN_SCHEMA: Final = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": {
            "type": "string",
            "description": "Send it as `Authorization: Bearer …`.",
            "examples": ["kts_0199…"],
        },
        "token_type": {"type": "string", "description": "Always Bearer.", "examples": ["Bearer"]},
        "expires_in": {
            "type": "integer",
            "description": "Seconds; a person's token also ends when idle.",
            "examples": [43200],
        },
        "scope": {"type": "string", "description": "A client's scopes.", "examples": ["session:read"]},
    },
}
_ERROR_SCHEMA: Final = {
    "type": "object",
    "required": ["error", "error_description"],
    "properties": {
        "error": {"type": "string", "description": "A code of RFC 6749.", "examples": ["invalid_grant"]},
        "error_description": {
            "type": "string",
            "description": "For people.",
            "examples": ["The name or password is not right."],
        },
    },
}


def _answers(schema: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    def content(one: dict[str, Any]) -> dict[str, Any]:
        return {"application/json": {"schema": one}}

    return {
        200: {"description": "Done.", "content": content(schema)},
        400: {"description": "Refused, in the words of RFC 6749.", "content": content(_ERROR_SCHEMA)},
        401: {"description": "The client did not prove who it is.", "content": content(_ERROR_SCHEMA)},
    }


async def _form(request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != _FORM:
        raise OAuthError(f"Send {_FORM}.")
    pairs = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("A parameter is there twice.")
    if any(len(value) > _LONGEST for value in form.values()):
        raise OAuthError(f"A parameter has more than {_LONGEST} characters.")
    if any("\x00" in value or "\ufffd" in value for value in form.values()):
        raise OAuthError("A parameter is not plain UTF-8 text.")
    return form


def _refusal(error: Failure) -> Response:
    body = {"error": error.code, "error_description": error.detail or f"{error.title}."}
    return Response(orjson.dumps(body), error.status, dict(error.headers), "application/json")


@router.post(
    "/token",
    summary="Sign in: get a token",
    responses=_answers(_TOKEN_SCHEMA),
    openapi_extra=_form_schema(
        ["grant_type"],
        {
            "grant_type": "`password` for people, `client_credentials` for integrators.",
            "username": "A person's login name.",
            "password": "A person's password.",
            "client_id": "A client's id, unless sent by HTTP Basic.",
            "client_secret": "A client's secret, unless sent by HTTP Basic.",
            "scope": "Fewer scopes than the client holds, space-separated.",
        },
    ),
)
async def create_token(request: Request) -> Response:
    """Sign in. Unknown, wrong, disabled and locked answer alike."""
    state = request.app.state
    try:
        form = await _form(request)
        issued = await issue_at_sign_in(
            state.database, state.passwords, state.settings, form, request.headers.get("authorization")
        )
    except ValueError:
        return _refusal(OAuthError("The form is not valid."))
    except OAuthError as error:
        return _refusal(error)
    settings = state.settings
    seconds = (
        settings.token_absolute_hours * 3600 if form["grant_type"] == "password" else settings.client_token_minutes * 60
    )
    body = {
        "access_token": issued.text,
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": " ".join(issued.scopes),
    }
    return Response(orjson.dumps(body), media_type="application/json")


@router.post(
    "/revoke",
    summary="Sign out: give a token back",
    responses=_answers({"type": "object", "additionalProperties": False}),
    openapi_extra=_form_schema(["token"], {"token": "The token to end.", "token_type_hint": "Not needed."}),
)
async def revoke_token(request: Request) -> Response:
    """End a token (RFC 7009): from the next request on it is worthless. Whoever holds it may."""
    try:
        form = await _form(request)
    except ValueError:
        return _refusal(OAuthError("The form is not valid."))
    except OAuthError as error:
        return _refusal(error)
    if not form.get("token"):
        return _refusal(OAuthError("Send the token to end."))
    await request.app.state.tokens.revoke(form["token"])
    return Response(b"{}", media_type="application/json")


@passwords.post(
    "/password",
    summary="Spend an invitation: choose a password",
    status_code=204,
    responses=documented(NotFound, PasswordRefused),
)
async def choose_own_password(request: Request, body: OwnPassword) -> Response:
    """Spend an invitation: choose a password. All other tokens of the person end."""
    await choose_password(request.app.state.database, request.app.state.passwords, body.token, body.password)
    return Response(status_code=204)
