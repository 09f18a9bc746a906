"""One row of the portal's list: what pages find, and what a report counts."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row of the portal's list.

    fecha: as shown. huella: SHA-256 of all its cells; a different one later means that the PQR changed.
    href: the detail's address as the row writes it; opaque.
    """

    numero_radicado: str
    fecha: str
    estado: str
    href: str
    huella: str

    @property
    def day(self) -> date:
        return day_of(self.fecha)


def day_of(fecha: str) -> date:
    """The day of a `YYYY/MM/DD HH:MM` text. Raises ValueError for any other shape."""
    return datetime.strptime(fecha[:10].replace("/", "-"), "%Y-%m-%d").date()  # noqa: DTZ007
