"""`consultas_ov`: when the portal was last asked about a day, and what of it could not be captured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.types.json import Jsonb

from ov_assets.rds.connection import private_errors, query


@dataclass(frozen=True, slots=True)
class AskedDay:
    """A company and day, on or after one that the portal was asked about.

    mirado_en: when the last look at the day's list began, aware; None: never. sin_capturar: the PQR that it
    showed and that could not be captured, by radicado, with the name of the fault.
    """

    empresa: str
    fecha: date
    mirado_en: datetime | None
    sin_capturar: dict[str, str]


@private_errors
def record_asked(
    conn: psycopg.Connection, company: str, day: date, looked_at: datetime, failures: Mapping[str, str]
) -> None:
    """Note that a look at a day's list that began at `looked_at` (aware) is captured, but for `failures`.

    An older look never overwrites a newer one. Raises DatabaseDownError, DatabaseError.
    """
    if looked_at.tzinfo is None:
        raise ValueError("looked_at has no time zone")
    values = {"empresa": company, "fecha": day, "mirado_en": looked_at, "sin_capturar": Jsonb(dict(failures))}
    with conn.transaction():
        conn.execute(query("asked_record"), values)


@private_errors
def days_asked(conn: psycopg.Connection, companies: Iterable[str], first: date, last: date) -> list[AskedDay]:
    """Each day from `first` to `last`, both included, by company; none before the first one asked about.

    Raises DatabaseDownError, DatabaseError.
    """
    wanted = {"empresas": list(companies), "desde": first, "hasta": last}
    with conn.transaction():
        return [AskedDay(*row) for row in conn.execute(query("asked_days"), wanted)]
