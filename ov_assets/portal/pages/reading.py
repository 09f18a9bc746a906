"""What one detail page shows, as a record: by its labels, whatever else stands there."""

import re
from dataclasses import dataclass

from ov_assets.portal.errors import DetailMissing, LayoutChanged
from ov_assets.portal.row import ListedRow
from ov_assets.portal.scripts import script
from ov_assets.pqr.record import FIELDS, Pqr, field_name

READ_DETAIL = script("read_detail")
# Seen on Afinia's pages only; whether Air-e shows them isn't known.
OPTIONAL = frozenset({"finalizar", "adjuntar_archivo", "comentarios"})
ATTACHMENTS = "adjuntos"
EVERYTHING = frozenset({*FIELDS, ATTACHMENTS})
NOT_YET = re.compile(r"(cargando|consultando|buscando|espere|loading|please wait)\b.{0,30}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one detail page showed: the record and the names of its attachments, in page order."""

    pqr: Pqr
    attachments: tuple[str, ...]

    @classmethod
    def of(cls, company: str, raw: dict, row: ListedRow) -> "Reading":
        """From what `read_detail.js` gives. Raises LayoutChanged or DetailMissing."""
        shown: dict[str, str] = {}
        others: list[tuple[str, str]] = []
        for label, value in raw["pairs"]:
            name = field_name(label)
            if name is not None and name not in shown:
                shown[name] = value or ""
            else:
                others.append((label, value or ""))
        missing = [name for name in FIELDS if name not in shown and name not in OPTIONAL]
        if missing:
            raise LayoutChanged(
                company, f"the detail page has no label for {', '.join(missing)}", day=row.day
            )
        pqr = Pqr.of({name: shown.get(name, "") for name in FIELDS}, others)
        if pqr.numero_radicado != row.numero_radicado:
            raise DetailMissing(
                company, "the page shows another PQR", day=row.day, radicado=row.numero_radicado
            )
        return cls(pqr, tuple(raw["attachments"]))

    @property
    def filled(self) -> frozenset[str]:
        """What of a PQR the page shows: names of its fields, and whether it has attachments."""
        names = {name for name in FIELDS if (value := getattr(self.pqr, name)) and not NOT_YET.match(value)}
        return frozenset(names | {ATTACHMENTS} if self.attachments else names)
