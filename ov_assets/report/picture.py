"""The small picture of a report that the asset's page in Dagster shows: an SVG as a data URI."""

import base64
from collections.abc import Sequence
from datetime import date

from ov_assets.report.svg import BAD, FONT, GOOD, INK, MUTED, WIDTH, Day, columns, rect, text
from ov_assets.report.verification import Step

HEIGHT = 190


def picture(title: str, day: date, complete: bool, steps: Sequence[Step], trend: Sequence[Day]) -> str:
    """An SVG document: the verdict, the six numbers, and the days up to this one."""
    verdict, colour = ("Completo", GOOD) if complete else ("Incompleto", BAD)
    parts = [
        rect(0, 0, WIDTH, HEIGHT, "#ffffff"),
        text(12, 28, f"{title} · {day:%d/%m/%Y}", INK, extra=' font-size="18" font-weight="600"'),
        f'<rect x="{WIDTH - 112}" y="10" width="100" height="26" rx="13" fill="{colour}"/>',
        text(WIDTH - 62, 28, verdict, "#ffffff", "middle", ' font-weight="600"'),
    ]
    step = (WIDTH - 24) / len(steps)
    for place, item in enumerate(steps):
        x = 12 + place * step
        parts.append(
            text(
                x, 72, f"{item.cuenta}", BAD if item.corto else INK, extra=' font-size="22" font-weight="600"'
            )
        )
        parts.append(text(x, 90, item.nombre.split(" en el ")[0], MUTED, extra=' font-size="8.5"'))
    parts += columns(trend, 66, 12, 106, WIDTH - 24)
    if trend:
        ends = (12, "start", trend[0]), (WIDTH - 12, "end", trend[-1])
        parts += [text(x, 185, f"{end.fecha:%d/%m}", anchor=anchor) for x, anchor, end in ends]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="{FONT}" font-size="12">{"".join(parts)}</svg>'
    )


def as_markdown(svg: str, alt: str) -> str:
    """The picture as one line of Markdown."""
    return f"![{alt}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"
