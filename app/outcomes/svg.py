"""Drawing in SVG: elements with short numbers, text that is escaped, labels that keep out of each other's way."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_GLYPH: Final = 0.56  # mean width of a letter of a sans serif, of its size


def text_width(text: str, size: float) -> float:
    """About how wide a text is; nobody knows which font it will be shown in."""
    return len(text) * size * _GLYPH


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether two rectangles share some of the drawing."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a text: where it is anchored, and at which of its ends."""

    x: float
    y: float
    anchor: str = "middle"

    def box(self, text: str, size: float) -> Box:
        """What a text here would cover; `y` is where its letters stand."""
        width = text_width(text, size)
        left = {"start": self.x, "middle": self.x - width / 2, "end": self.x - width}[self.anchor]
        return Box(left - 1, self.y - size * 0.85, left + width + 1, self.y + size * 0.25)


@dataclass(frozen=True)
class Drawing:
    """A drawing with what is taken already. Every text goes through the XML writer, which escapes it."""

    root: ET.Element
    bounds: Box
    taken: list[Box] = field(default_factory=list[Box])

    @classmethod
    def begin(cls, width: float) -> "Drawing":
        """An empty drawing of this width, in pixels; it is as high as `end` says."""
        return cls(ET.Element("svg", {"xmlns": _NAMESPACE, "width": _short(width)}), Box(0, 0, width, math.inf))

    def end(self, height: float) -> None:
        """Say how high it became."""
        self.root.set("height", _short(height))
        self.root.set("viewBox", f"0 0 {self.root.get('width')} {_short(height)}")

    def add(self, tag: str, text: str | None = None, title: str | None = None, **attributes: str | float) -> ET.Element:
        """Add an element; `stroke_width` becomes `stroke-width`, `kind` its class."""
        given = {
            ("class" if name == "kind" else name.replace("_", "-")): _short(value) for name, value in attributes.items()
        }
        made = ET.SubElement(self.root, tag, given)
        made.text = text
        if title is not None:
            ET.SubElement(made, "title").text = title
        return made

    def write(self, text: str, spot: Spot, size: float, kind: str, *, fill: str) -> None:
        """Write a text at a place, and take the place."""
        self.add("text", text, x=spot.x, y=spot.y, text_anchor=spot.anchor, font_size=size, kind=kind, fill=fill)
        self.taken.append(spot.box(text, size))

    def write_where_free(self, text: str, spots: Sequence[Spot], size: float, kind: str, *, fill: str) -> bool:
        """Write a text at the first of some places that is free and inside the drawing; else not at all."""
        for spot in spots:
            box = spot.box(text, size)
            inside = self.bounds.left <= box.left and box.right <= self.bounds.right and box.top >= self.bounds.top
            if inside and not any(box.meets(other) for other in self.taken):
                self.write(text, spot, size, kind, fill=fill)
                return True
        return False

    def take(self, boxes: Iterable[Box]) -> None:
        """Keep labels out of these places."""
        self.taken.extend(boxes)

    def to_bytes(self) -> bytes:
        """The drawing as a document of its own."""
        return ET.tostring(self.root, encoding="utf-8", xml_declaration=True)


def along(start: tuple[float, float], end: tuple[float, float], *, step: float = 6, reach: float = 2) -> list[Box]:
    """Small boxes along a line, to keep labels off it."""
    (x0, y0), (x1, y1) = start, end
    count = max(1, int(max(abs(x1 - x0), abs(y1 - y0)) / step))
    spots = ((x0 + (x1 - x0) * i / count, y0 + (y1 - y0) * i / count) for i in range(count + 1))
    return [Box(x - reach, y - reach, x + reach, y + reach) for x, y in spots]


def _short(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
