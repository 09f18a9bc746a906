"""`listado_ov`: what the portal lists, as last seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.types.json import Jsonb

from ov_assets.pqr.manifest import MissingFile
from ov_assets.rds.connection import private_errors, query


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One row of the portal's list, as it shows it. huella: a hash of the whole row."""

    numero_radicado: str
    fecha: str
    estado: str
    huella: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A PQR that the portal lists. fecha: Bogotá's wall clock. visto_ultimo: when it was last seen, aware."""

    numero_radicado: str
    fecha: datetime
    estado: str
    huella: str
    visto_ultimo: datetime


@dataclass(frozen=True, slots=True)
class ListingCounts:
    """vistas: different PQR seen. nuevas: never seen before. cambiadas: the list shows another row.

    ausentes: were listed in the window, and aren't any more. sin_fecha: fecha can't be read, so they belong
    to no partition. sin_radicado: rows without one, which can't be kept.
    """

    vistas: int
    nuevas: int
    cambiadas: int
    ausentes: int
    sin_fecha: int
    sin_radicado: int


@private_errors
def record_listing(
    conn: psycopg.Connection,
    company: str,
    window_from: date,
    window_to: date,
    rows: Iterable[ListedRow],
    seen_at: datetime,
    *,
    complete: bool,
    estado: str | None = "Finalizado",
) -> ListingCounts:
    """Record one walk of the list over the days `window_from` to `window_to`, both included.

    seen_at: when the walk began, aware. complete: the walk saw every row of its window; only then are rows of
    the same `estado` filter (None: no filter) that it didn't see marked `presente = false`; none is deleted.
    An older walk never overwrites a newer one. Raises DatabaseDownError, DatabaseError.
    """
    if seen_at.tzinfo is None:
        raise ValueError("seen_at has no time zone")
    with conn.transaction():
        conn.execute(query("listing_stage"))
        with conn.cursor() as cursor, cursor.copy(query("listing_copy")) as copy:
            for row in rows:
                values = (row.numero_radicado, row.fecha, row.estado, row.huella)
                copy.write_row([value.replace("\x00", "") for value in values])
        window = {
            "empresa": company,
            "desde": window_from,
            "hasta": window_to,
            "visto": seen_at,
            "completo": complete,
            "estado": estado,
        }
        counts = conn.execute(query("listing_record"), window).fetchone()
        conn.execute(query("listing_unstage"))
    assert counts is not None
    return ListingCounts(*counts)


@private_errors
def listed(
    conn: psycopg.Connection, company: str, day: date, estado: str | None = "Finalizado"
) -> list[Listed]:
    """What the portal lists for a day, by radicado. Raises DatabaseDownError, DatabaseError."""
    with conn.transaction():
        rows = conn.execute(query("listing_day"), {"empresa": company, "dia": day, "estado": estado})
        return [Listed(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PendingDay:
    """A company and day with PQR to capture. pqr: how many. desde: since when the oldest waits."""

    empresa: str
    fecha: date
    pqr: int
    desde: datetime


@dataclass(frozen=True, slots=True)
class Captured:
    """One PQR that is loaded. huella: of the list row. capturado_en: when its page was read, aware.

    releer_en: from when on it is due to be read again. faltantes: the attachments that it lacks.
    """

    numero_radicado: str
    huella: str
    capturado_en: datetime
    releer_en: datetime | None = None
    faltantes: Sequence[MissingFile] = ()


@private_errors
def record_captured(conn: psycopg.Connection, company: str, captured: Iterable[Captured]) -> int:
    """Note which PQR are captured from which list row, and what they lack; how many notes were news."""
    rows = list(captured)
    params = {
        "empresa": company,
        "radicados": [row.numero_radicado for row in rows],
        "huellas": [row.huella for row in rows],
        "capturados": [row.capturado_en for row in rows],
        "releer": [row.releer_en for row in rows],
        "faltantes": [_as_jsonb(row.faltantes) for row in rows],
    }
    with conn.transaction():
        return conn.execute(query("listing_captured"), params).rowcount


def _as_jsonb(files: Sequence[MissingFile]) -> Jsonb:
    named = [file.as_json() for file in files]
    return Jsonb([file | {"nombre": str(file["nombre"]).replace("\x00", "")} for file in named])


@private_errors
def pending_captures(conn: psycopg.Connection, limit: int = 100) -> list[PendingDay]:
    """Every company and day with listed PQR that aren't captured as the list shows them, oldest day first."""
    with conn.transaction():
        return [PendingDay(*row) for row in conn.execute(query("listing_pending"), {"limite": limit})]
