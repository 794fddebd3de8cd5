"""One settings class. Production refuses to start unsafe and lists every problem at once."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_URL = "http://127.0.0.1:8000"
# Refused in production.
DEVELOPMENT_SECRET = "development-only-secret-key-never-for-production"  # noqa: S105  # pragma: allowlist secret
_LEAST_SECRET_LENGTH = 32


class Environment(StrEnum):
    """Where the process runs; only production enforces the safety list."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class UnsafeSettings(ValueError):
    """Production would start unsafe; the message lists every problem."""


class Settings(BaseSettings):
    """Everything that can be set, from the environment with the prefix `SERIATIM_`."""

    # An error about settings must not print them: the input holds the secrets.
    model_config = SettingsConfigDict(env_prefix="SERIATIM_", extra="ignore", frozen=True, hide_input_in_errors=True)

    environment: Environment = Environment.DEVELOPMENT

    database_url: str = Field(
        default="sqlite+aiosqlite:///data/seriatim.db",
        description="`sqlite+aiosqlite:///FILE` or `postgresql+psycopg://USER:PASSWORD@HOST/NAME`.",
    )
    pool_size: int = Field(default=20, ge=1, le=200, description="Connections a process keeps to PostgreSQL.")

    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET), description="Encrypts list cursors; at least 32 characters."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=("localhost", "127.0.0.1", "[::1]"), description="Host names this installation answers to."
    )
    public_url: str = Field(default=DEVELOPMENT_URL, description="The address people reach it at.")
    docs: bool | None = Field(default=None, description="Serve /docs; default: yes, except in production.")

    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    token_idle_minutes: int = Field(default=30, ge=5, le=30)
    token_absolute_hours: int = Field(default=12, ge=1, le=24)
    client_token_minutes: int = Field(default=15, ge=1, le=60)
    step_up_seconds: int = Field(
        default=300, ge=30, le=300, description="How long a password counts for what asks that it was given just now."
    )

    log_level: str = "INFO"

    @property
    def serves_docs(self) -> bool:
        """Whether the documentation pages are on."""
        return self.docs if self.docs is not None else self.environment is not Environment.PRODUCTION

    @property
    def sqlite_file(self) -> Path | None:
        """The database file, when the embedded database is used."""
        prefix = "sqlite+aiosqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Self:
        if self.environment is Environment.PRODUCTION and (problems := self.problems()):
            raise UnsafeSettings("Refusing to start in production:\n" + "\n".join(f"  - {line}" for line in problems))
        return self

    def problems(self) -> list[str]:
        """Everything that would make production unsafe, one sentence each."""
        found: list[str] = []
        secret = self.secret_key.get_secret_value()
        if secret == DEVELOPMENT_SECRET:
            found.append("SERIATIM_SECRET_KEY is not set.")
        elif len(secret) < _LEAST_SECRET_LENGTH:
            found.append(f"SERIATIM_SECRET_KEY is shorter than {_LEAST_SECRET_LENGTH} characters.")
        if "*" in self.allowed_hosts:
            found.append("SERIATIM_ALLOWED_HOSTS allows every host; name them.")
        if not self.public_url.startswith("https://"):
            found.append("SERIATIM_PUBLIC_URL must begin with https://.")
        if self.log_level.upper() == "DEBUG":
            found.append("SERIATIM_LOG_LEVEL is DEBUG.")
        over_network = self.database_url.startswith("postgresql") and "host=/" not in self.database_url
        if over_network and "sslmode=verify-full" not in self.database_url:
            found.append("SERIATIM_DATABASE_URL reaches PostgreSQL without sslmode=verify-full.")
        return found
