"""Values whose shape looks wrong: worth counting, for a portal shows what people typed; never worth a reject.

The shapes are those by which the users judge their data. An empty field is no oddity.
"""

import re
from collections.abc import Iterable, Mapping

_PHONE = re.compile(r"[ ()+.-]*(?:[0-9][ ()+.-]*){7,15}")
SHAPES: dict[str, re.Pattern[str]] = {
    "nic": re.compile(r"[0-9]{6,10}"),
    "correo_electronico": re.compile(r"[\w.%+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}"),
    "telefono": _PHONE,
    "celular": _PHONE,
    # A cédula, a NIT with its check digit, or a passport with its letters.
    "documento_identidad": re.compile(r"[A-Z]{0,3}(?:\.?[0-9]){6,12}(?:-[0-9])?"),
}


def odd_shapes(rows: Iterable[Mapping[str, str]]) -> dict[str, int]:
    """How many values of each field don't look as they should, all fields named."""
    counts = dict.fromkeys(SHAPES, 0)
    for row in rows:
        for name, shape in SHAPES.items():
            value = row[name]
            if value and not shape.fullmatch(value):
                counts[name] += 1
    return counts
