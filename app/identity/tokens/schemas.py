"""The shape of a chosen password."""

from typing import Annotated, Final

from pydantic import Field
from pydantic.config import JsonDict

from app.identity.rules import LEAST_PASSWORD_LENGTH, MOST_PASSWORD_LENGTH
from app.kernel.schemas import RequestSchema

_NO_NUL: Final[JsonDict] = {"pattern": "^[^\\u0000]*$"}


class OwnPassword(RequestSchema):
    """An invitation and the password that goes with it from now on."""

    token: Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=_NO_NUL)] = Field(
        description="The invitation.", examples=["kti_0199…"]
    )
    password: Annotated[
        str, Field(min_length=LEAST_PASSWORD_LENGTH, max_length=MOST_PASSWORD_LENGTH, json_schema_extra=_NO_NUL)
    ] = Field(description="15 to 256 characters; any of them.", examples=["four quiet herons at dusk"])
