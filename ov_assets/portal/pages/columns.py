"""Which cell of a list row holds what: by header where there is one, else by what the cells look like."""

import hashlib
import json
import re
from collections.abc import Sequence

from ov_assets.portal.errors import LayoutChanged
from ov_assets.portal.pages.filter import shown_state
from ov_assets.portal.pages_file import Pages
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Site
from ov_assets.pqr.record import RADICADO, canonical_label, normalise

FECHA = re.compile(r"\d{4}[/-]\d{2}[/-]\d{2} \d{2}:\d{2}(:\d{2})?")
COLUMNS = ("numero_radicado", "fecha", "estado")


def _by_caption(headers: Sequence[str], width: int, pages: Pages) -> dict[str, int]:
    if len(headers) != width:
        return {}
    captions = [canonical_label(header) for header in headers]
    return {
        name: index
        for name in COLUMNS
        for index, text in enumerate(captions)
        if text in map(canonical_label, pages.words(f"columns.{name}"))
    }


def _by_content(name: str, cells: list[list[str]], estado: str) -> int | None:
    """The only column whose every cell looks like `name`; for the radicado the first such column."""
    columns = list(zip(*cells, strict=True))
    if name == "fecha":
        fits = [i for i, column in enumerate(columns) if all(FECHA.fullmatch(text) for text in column)]
    elif name == "estado":
        fits = [i for i, column in enumerate(columns) if all(text == estado for text in column)]
    else:
        fits = [
            i
            for i, column in enumerate(columns)
            if all(text.isdigit() for text in column) and len(set(column)) == len(column)
        ][:1]
    return fits[0] if len(fits) == 1 else None


def caption_of(name: str, page: dict, estado: str) -> str | None:
    """The caption of the column whose cells can only be `name`'s; None if none can be told, or has one."""
    cells = [[normalise(text) for text in row["cells"]] for row in page["rows"]]
    actions = {row["actionIndex"] for row in page["rows"]}
    headers = [text for index, text in enumerate(page["headers"]) if index not in actions]
    if not cells or {len(row) for row in cells} != {len(headers)}:
        return None
    place = _by_content(name, cells, estado)
    return headers[place] or None if place is not None else None


def listed_rows(site: Site, page: dict, estado: str) -> list[ListedRow]:
    """The rows of one page of the list, as `read_list.js` gives it. estado: what was asked for.

    Raises LayoutChanged if a column can't be told, naming it.
    """
    raw_rows, shown_estado = page["rows"], shown_state(estado, site.pages)
    if not raw_rows:
        return []
    cells = [[normalise(text) for text in row["cells"]] for row in raw_rows]
    width = min(len(row) for row in cells)
    cells_even = [row[:width] for row in cells]
    action = raw_rows[0]["actionIndex"]
    headers = [header for index, header in enumerate(page["headers"]) if index != action]
    known = _by_caption(headers[:width], width, site.pages)
    index: dict[str, int] = {}
    for name in COLUMNS:
        place = known.get(name)
        if (
            place is not None
            and name == "fecha"
            and not all(FECHA.fullmatch(row[place]) for row in cells_even)
        ):
            place = None
        if place is None:
            place = _by_content(name, cells_even, shown_estado)
        if place is None:
            raise LayoutChanged(site.company.slug, f"no column of the list can be told to be «{name}»")
        if name == "numero_radicado" and not all(RADICADO.fullmatch(row[place]) for row in cells_even):
            raise LayoutChanged(site.company.slug, "the list's column of radicados holds other things")
        index[name] = place
    return [
        ListedRow(
            numero_radicado=row[index["numero_radicado"]],
            fecha=row[index["fecha"]],
            estado=estado if row[index["estado"]] == shown_estado else row[index["estado"]],
            href=raw["href"],
            huella=hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).hexdigest(),
        )
        for row, raw in zip(cells, raw_rows, strict=True)
    ]
