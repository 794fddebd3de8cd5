"""Which form of an answer a caller gets."""

import pytest

from app.kernel.negotiation import preferred

JSON, SVG = "application/json", "image/svg+xml"
# As a browser asks for a picture.
PICTURE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/*", JSON),
        ("image/svg+xml", SVG),
        ("IMAGE/SVG+XML", SVG),
        ("image/*", SVG),
        (PICTURE, SVG),
        ("application/json, image/svg+xml", JSON),
        ("application/json;q=0.5, image/svg+xml", SVG),
        ("image/svg+xml;q=0.5, */*;q=0.4", SVG),
        # The more specific range counts, whichever stands first.
        ("*/*, application/json;q=0.1", SVG),
        ("application/json;q=0, */*;q=0.1", SVG),
        ("image/svg+xml;charset=utf-8", SVG),
        ("text/html", None),
        ("image/png", None),
        ("image/svg+xml;q=0", None),
        ("image/svg+xml;q=nan", None),
        ("image/svg+xml;q=7", None),
        (",;,", None),
    ],
)
def test_the_best_liked_form_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert preferred(accept, (JSON, SVG)) == chosen
