"""Production refuses to start unsafe, and says everything that is wrong at once."""

import pytest
from pydantic import ValidationError

from app.kernel.settings import DEVELOPMENT_SECRET, Environment, Settings

SECRET = "a-secret-key-that-is-long-enough-for-anything"  # pragma: allowlist secret
SAFE = {
    "environment": Environment.PRODUCTION,
    "secret_key": SECRET,
    "allowed_hosts": ("seriatim.example",),
    "public_url": "https://seriatim.example",
    "database_url": "postgresql+psycopg://app:hunter2@db.example/seriatim?sslmode=verify-full",  # pragma: allowlist secret
    "log_level": "INFO",
}

UNSAFE = [
    ("secret_key", DEVELOPMENT_SECRET, "SERIATIM_SECRET_KEY is not set"),
    ("secret_key", "short", "SERIATIM_SECRET_KEY is shorter"),
    ("allowed_hosts", ("*",), "SERIATIM_ALLOWED_HOSTS allows every host"),
    ("public_url", "http://seriatim.example", "SERIATIM_PUBLIC_URL must begin with https"),
    ("log_level", "debug", "SERIATIM_LOG_LEVEL is DEBUG"),
    (
        "database_url",
        "postgresql+psycopg://app:hunter2@db.example/seriatim",  # pragma: allowlist secret  # pragma: allowlist secret
        "without sslmode=verify-full",
    ),
    (
        "database_url",
        "postgresql+psycopg://app:hunter2@db.example/seriatim?sslmode=require",  # pragma: allowlist secret
        "without sslmode",
    ),  # pragma: allowlist secret
]


def test_safe_production_starts() -> None:
    assert Settings.model_validate(SAFE).problems() == []


@pytest.mark.parametrize(("name", "value", "sentence"), UNSAFE)
def test_production_refuses(name: str, value: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as caught:
        Settings.model_validate(SAFE | {name: value})
    assert SECRET not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_all_problems_are_listed_at_once() -> None:
    wrong: dict[str, object] = {}
    for name, value, _ in UNSAFE:
        wrong.setdefault(name, value)
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(SAFE | wrong)
    assert str(caught.value).count("  - ") == len(wrong)


def test_development_starts_without_any_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERIATIM_ENVIRONMENT", raising=False)
    assert Settings().environment is Environment.DEVELOPMENT


def test_secrets_do_not_show() -> None:
    assert SECRET not in repr(Settings.model_validate(SAFE))


def test_a_socket_needs_no_certificate() -> None:
    Settings.model_validate(SAFE | {"database_url": "postgresql+psycopg://app@/seriatim?host=/run/postgresql"})


def test_the_documentation_is_off_in_production_unless_asked_for() -> None:
    assert not Settings.model_validate(SAFE).serves_docs
    assert Settings.model_validate(SAFE | {"docs": True}).serves_docs


@pytest.mark.parametrize(("given", "fits"), [("30", True), ("300", True), ("29", False), ("301", False), ("0", False)])
def test_a_password_counts_for_at_most_five_minutes(monkeypatch: pytest.MonkeyPatch, given: str, fits: bool) -> None:
    monkeypatch.setenv("SERIATIM_STEP_UP_SECONDS", given)
    if fits:
        assert Settings().step_up_seconds == int(given)
    else:
        with pytest.raises(ValidationError, match="step_up_seconds"):
            Settings()
