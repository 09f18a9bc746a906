"""Plots as inline SVG: pure functions from numbers to markup, without a script or a font of their own.

All are 480 units wide with text of 12: readable at the width of a phone, and not huge on a desk.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

from markupsafe import Markup, escape

GOOD, BAD, PALE, INK, MUTED = "#14735a", "#b3361f", "#c5d3dd", "#17242f", "#5c6b78"
STATE_COLOURS = {
    "subido": GOOD,
    "pre_existente": "#5aa78f",
    "pendiente": "#d9a514",
    "subiendo": "#e6c460",
    "error": "#d96c2c",
    "conflicto": BAD,
    "falta_local": "#8c4a9e",
    "falta_s3": "#7a1f14",
}
WIDTH = 480
FONT = "system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"


class Day(Protocol):
    @property
    def fecha(self) -> date: ...
    @property
    def listadas(self) -> int: ...
    @property
    def verificadas(self) -> int: ...


def _frame(height: float, title: str, parts: Iterable[str]) -> Markup:
    # Safe: every part is made below, and its texts are escaped there.
    return Markup(  # noqa: S704
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" xmlns="http://www.w3.org/2000/svg" '
        f'font-family="{FONT}" font-size="12"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def text(x: float, y: float, words: str, colour: str = MUTED, anchor: str = "start", extra: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'
    )


def _ceiling(most: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that isn't below `most`."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= most:
                return factor * step
        step *= 10


def columns(days: Sequence[Day], height: float, left: float, top: float, width: float) -> list[str]:
    """One column a day: pale up to what is listed, green where all of it is in S3, else red up to what is."""
    top_count = _ceiling(max([1, *(max(day.listadas, day.verificadas) for day in days)]))
    step = width / max(len(days), 1)
    parts = []
    for place, day in enumerate(days):
        x, bar = left + place * step + step * 0.12, step * 0.76
        listed, done = (count / top_count * height for count in (day.listadas, day.verificadas))
        if listed:
            parts.append(rect(x, top + height - listed, bar, listed, PALE))
        if done:
            parts.append(
                rect(x, top + height - done, bar, done, GOOD if day.verificadas >= day.listadas else BAD)
            )
        elif listed:
            parts.append(rect(x, top + height - 2, bar, 2, BAD))
    return parts


def trend(days: Sequence[Day]) -> Markup:
    """PQR listed against PQR whose every file is in S3, one column a day."""
    left, top, plot, width = 40, 10, 120, WIDTH - 44
    top_count = _ceiling(max([1, *(max(day.listadas, day.verificadas) for day in days)]))
    parts = []
    for share in (0, 0.5, 1):
        y = top + plot * (1 - share)
        parts.append(f'<line x1="{left}" x2="{WIDTH}" y1="{y:g}" y2="{y:g}" stroke="#dde4ea"/>')
        if share * top_count == int(share * top_count):
            parts.append(text(left - 6, y + 4, f"{int(share * top_count)}", anchor="end"))
    parts += columns(days, plot, left, top, width)
    step = width / max(len(days), 1)
    for place in sorted({0, len(days) // 3, 2 * len(days) // 3, len(days) - 1} if days else set()):
        anchor = "start" if place == 0 else "end" if place == len(days) - 1 else "middle"
        x = left + place * step + (0 if place == 0 else step if anchor == "end" else step / 2)
        parts.append(text(x, top + plot + 16, f"{days[place].fecha:%d/%m}", anchor=anchor))
    return _frame(top + plot + 22, "PQR listadas y verificadas por día", parts)


def states(counts: Mapping[str, int]) -> Markup:
    """One bar cut into the states of the registry."""
    total, x, parts = sum(counts.values()), 0.0, []
    for state, colour in STATE_COLOURS.items():
        if count := counts.get(state, 0):
            width = max(count / total * WIDTH, 3)
            parts.append(rect(x, 0, width, 24, colour))
            x += width
    if not total:
        parts.append(rect(0, 0, WIDTH, 24, PALE))
    return _frame(24, "Archivos por estado", parts)


def bars(title: str, rows: Sequence[tuple[str, float, str]], most: float) -> Markup:
    """Horizontal bars. rows: (label, value, what stands at its end); most: the value of a whole bar."""
    left, right, line, parts = 150, 76, 22, []
    for place, (label, value, end) in enumerate(rows):
        y = place * line
        room = WIDTH - left - right
        share = min(value / most, 1) if most else 0
        parts.append(text(left - 8, y + 15, label, INK, "end"))
        parts.append(rect(left, y + 4, room, 14, "#eef2f5"))
        parts.append(rect(left, y + 4, room * share, 14, GOOD))
        parts.append(text(left + room + 8, y + 15, end))
    return _frame(max(len(rows), 1) * line, title, parts)
