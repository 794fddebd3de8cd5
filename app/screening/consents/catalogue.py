"""The shipped words about consent, read once."""

from functools import cache
from pathlib import Path

from app.screening.consents.rules import ConsentWords, load_words


@cache
def consent_words() -> ConsentWords:
    """The newest version of the words."""
    return load_words(Path(__file__).parents[1] / "data" / "CONSENT@1.json")
