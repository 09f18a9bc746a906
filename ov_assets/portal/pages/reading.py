"""What one detail page shows, as a record: by its labels, whatever else stands there."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ov_assets.portal.errors import DetailMissing, LayoutChanged
from ov_assets.portal.pages_file import Pages
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Site
from ov_assets.pqr.record import FIELDS, Pqr, canonical_label, normalise

# Seen on Afinia's pages only; whether Air-e shows them isn't known.
OPTIONAL = frozenset({"finalizar", "adjuntar_archivo", "comentarios"})
ATTACHMENTS = "adjuntos"
FILE_NAME = re.compile(
    r"\S+\.(?:pdf|jpe?g|png|gif|tiff?|bmp|heic|docx?|xlsx?|pptx?|odt|csv|txt|xml|zip|rar|7z|msg|eml|mp[34])\b",
    re.IGNORECASE,
)
EVERYTHING = frozenset({*FIELDS, ATTACHMENTS})


def field_name(label: str, pages: Pages) -> str | None:
    """Our name for a label of the page, or None if the label isn't one of the 18."""
    wanted = canonical_label(label)
    known = ((name, pages.words(f"labels.{name}")) for name in FIELDS)
    return next((name for name, labels in known if wanted in map(canonical_label, labels)), None)


def fields_of(pairs: Iterable[tuple[str, str | None]], pages: Pages) -> set[str]:
    """Which of the 18 fields have a label among the pairs of a page, as `read_detail.js` gives them."""
    return {name for label, _ in pairs if (name := field_name(label, pages))}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one detail page showed: the record, and the names of its attachments, in page order.

    filled: names of its fields, and whether it has attachments. absent: fields that it has no label for.
    unlinked: files that it names, and has no link to that we know.
    """

    pqr: Pqr
    attachments: tuple[str, ...]
    filled: frozenset[str]
    absent: frozenset[str]
    unlinked: tuple[str, ...]

    @classmethod
    def of(cls, site: Site, raw: dict, row: ListedRow) -> "Reading":
        """From what `read_detail.js` gives. Raises LayoutChanged or DetailMissing."""
        company, pages = site.company.slug, site.pages
        shown: dict[str, str] = {}
        others: list[tuple[str, str]] = []
        for label, value in raw["pairs"]:
            name = field_name(label, pages)
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
        not_yet = re.compile(pages["detail.not_yet_text"], re.IGNORECASE)
        filled = {name for name in FIELDS if (value := getattr(pqr, name)) and not not_yet.match(value)}
        if raw["attachments"]:
            filled.add(ATTACHMENTS)
        absent = frozenset(FIELDS) - shown.keys()
        names = tuple(raw["attachments"])
        return cls(pqr, names, frozenset(filled), absent, _unlinked(pqr.documento_prueba, names))


def _unlinked(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """What looks like the name of a file in a text, beyond what its links are there for."""
    left, unnamed = " ".join(text.split()), 0
    for name in sorted((" ".join(normalise(name).split()) for name in names), key=len, reverse=True):
        if name and name in left:
            left = left.replace(name, " ", 1)
        else:
            unnamed += 1
    return tuple(match[0] for match in FILE_NAME.finditer(left))[unnamed:]
