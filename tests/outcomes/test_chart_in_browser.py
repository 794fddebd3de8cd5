"""The picture of a curve in a real browser: nothing is cut off or written over, and the dark is as readable."""

from itertools import product
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.outcomes.chart import draw
from tests.browser import visit
from tests.outcomes.test_chart import shown
from tests.serving import listening

WIDTHS = (320, 1200)
MEDIA = ({"scheme": "light"}, {"scheme": "dark"}, {"scheme": "dark", "media": "print"})
LEAST_CONTRAST = 4.5
SCORES = [(-3, 19), (1.5, 15), (5, 13), (9, None), (12, 9), (16, 7), (24, 9), (40, 12)]
DOSES = [(0, 41.2), (3, 41.2), (7, 45), (10, 45), (14, 45), (17, 45)]
# What is asked of the drawn picture: each text with its box and colours as the browser has them.
LOOK = """() => {
  const svg = document.documentElement, all = [...svg.querySelectorAll("text")];
  const paper = svg.querySelector(".paper"), words = (id) => svg.querySelector(`#${id}`)?.textContent ?? "";
  return {
    role: svg.getAttribute("role"),
    named: (svg.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean).map(words),
    paper: getComputedStyle(paper).fill,
    width: svg.clientWidth, height: svg.clientHeight,
    texts: all.map((one) => {
      const box = one.getBoundingClientRect();
      return { said: one.textContent, colour: getComputedStyle(one).fill,
               left: box.left, right: box.right, top: box.top, bottom: box.bottom };
    }),
  };
}"""


def seen(picture_of: Any) -> list[tuple[dict[str, Any], Any]]:
    """Every width in every medium, as the browser draws it."""

    async def picture(request: Request) -> Response:
        return Response(picture_of(int(request.query_params["width"])), media_type="image/svg+xml")

    with listening(Starlette(routes=[Route("/", picture)])) as base:
        wanted = [
            {"url": f"{base}/?width={width}", "width": width, "look": f"({LOOK})()"} | medium
            for width, medium in product(WIDTHS, MEDIA)
        ]
        return [(one, found.looked) for one, found in zip(wanted, visit(*wanted), strict=True)]


def drawn(width: int) -> bytes:
    return draw(shown(SCORES, DOSES), width)


def faults(looked: Any) -> list[str]:
    """Which texts are cut off, or written over one another."""
    texts = looked["texts"]
    cut = [
        one["said"]
        for one in texts
        if one["left"] < 0 or one["top"] < 0 or one["right"] > looked["width"] or one["bottom"] > looked["height"]
    ]
    over = [
        f"{one['said']} / {other['said']}"
        for index, one in enumerate(texts)
        for other in texts[index + 1 :]
        if min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > _leading(one, other)
    ]
    return cut + over


def _leading(one: Any, other: Any) -> float:
    """Boxes hold the room above and below the letters, of which a quarter may be shared."""
    return min(one["bottom"] - one["top"], other["bottom"] - other["top"]) / 4


def contrast(one: str, other: str) -> float:
    """How far two colours are apart, as WCAG 2 reckons it."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def pictures() -> list[tuple[dict[str, Any], Any]]:
    return seen(drawn)


def test_no_text_is_cut_off_or_written_over(pictures: list[tuple[dict[str, Any], Any]]) -> None:
    assert {one["width"]: faults(looked) for one, looked in pictures} == {320: [], 1200: []}


def test_every_text_can_be_read_in_the_light_and_in_the_dark(pictures: list[tuple[dict[str, Any], Any]]) -> None:
    papers = set[str]()
    for one, looked in pictures:
        papers.add(looked["paper"])
        weak = {t["said"] for t in looked["texts"] if contrast(t["colour"], looked["paper"]) < LEAST_CONTRAST}
        assert not weak, one
        if one.get("media") == "print":
            assert looked["paper"] == "rgb(255, 255, 255)", "paper is white, also for who reads in the dark"
    assert len(papers) == 2


def test_it_is_read_aloud(pictures: list[tuple[dict[str, Any], Any]]) -> None:
    for _, looked in pictures:
        assert looked["role"] == "img"
        title, description = looked["named"]
        assert "Patient Health Questionnaire-9" in title
        assert "Baseline 19" in description


def test_a_label_outside_the_picture_is_seen() -> None:
    def moved(width: int) -> bytes:
        return drawn(width).replace(b"</svg>", f'<text x="{width - 4}" y="20">gone</text></svg>'.encode())

    assert all("gone" in " ".join(faults(looked)) for _, looked in seen(moved))
