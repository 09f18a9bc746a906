"""Which cell of a list row holds what: by header where there is one, else by what the cells look like."""

import hashlib
import json
import re
from collections.abc import Sequence

from ov_assets.portal.errors import LayoutChanged
from ov_assets.portal.row import ListedRow
from ov_assets.pqr.record import canonical_label, normalise

FECHA = re.compile(r"\d{4}[/-]\d{2}[/-]\d{2} \d{2}:\d{2}(:\d{2})?")
CAPTIONS = {
    "numero_radicado": ("n° radicado", "n° radicado pqr", "radicado", "número radicado", "numero radicado"),
    "fecha": ("fecha", "fecha radicación", "fecha de radicación"),
    "estado": ("estado", "estado solicitud"),
}


def _by_caption(headers: Sequence[str], width: int) -> dict[str, int]:
    if len(headers) != width:
        return {}
    captions = [canonical_label(header) for header in headers]
    return {
        name: index
        for name, known in CAPTIONS.items()
        for index, text in enumerate(captions)
        if text in known
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


def listed_rows(company: str, page: dict, estado: str) -> list[ListedRow]:
    """The rows of one page of the list, as `read_list.js` gives it.

    Raises LayoutChanged if a column can't be told, naming it.
    """
    raw_rows = page["rows"]
    if not raw_rows:
        return []
    cells = [[normalise(text) for text in row["cells"]] for row in raw_rows]
    width = min(len(row) for row in cells)
    cells_even = [row[:width] for row in cells]
    action = raw_rows[0]["actionIndex"]
    headers = [header for index, header in enumerate(page["headers"]) if index != action]
    known = _by_caption(headers[:width], width)
    index: dict[str, int] = {}
    for name in CAPTIONS:
        place = known.get(name)
        if (
            place is not None
            and name == "fecha"
            and not all(FECHA.fullmatch(row[place]) for row in cells_even)
        ):
            place = None
        if place is None:
            place = _by_content(name, cells_even, estado)
        if place is None:
            raise LayoutChanged(company, f"no column of the list can be told to be «{name}»")
        index[name] = place
    return [
        ListedRow(
            numero_radicado=row[index["numero_radicado"]],
            fecha=row[index["fecha"]],
            estado=row[index["estado"]],
            href=raw["href"],
            huella=hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).hexdigest(),
        )
        for row, raw in zip(cells, raw_rows, strict=True)
    ]
