"""Which captured PQR are due to be read again, when they were, and how many of them a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from ov_assets.pqr.plan import Due
from ov_assets.rds.connection import company_query, private_errors, query


@dataclass(frozen=True, slots=True)
class Reading:
    """A PQR that was read again, and isn't captured anew. leido_en: None: it could not be read.

    releer_en: from when on it is due once more; None: never.
    """

    numero_radicado: str
    leido_en: datetime | None
    releer_en: datetime | None


@private_errors
def due(conn: psycopg.Connection, company: str, now: datetime, day: date | None = None) -> list[Due]:
    """What of a company, or of one day of it, is due to be read again. Raises RdsError."""
    params = {"empresa": company, "ahora": now, "dia": day}
    with conn.transaction():
        rows = conn.execute(company_query("rereads_due", company), params)
        return [Due(fecha, lacks, blank, tuple(radicados)) for fecha, lacks, blank, radicados in rows]


@private_errors
def record_readings(conn: psycopg.Connection, company: str, readings: Iterable[Reading]) -> None:
    """Note readings; an older one never overwrites a newer one. Raises RdsError."""
    rows = list(readings)
    params = {
        "empresa": company,
        "radicados": [row.numero_radicado for row in rows],
        "leidos": [row.leido_en for row in rows],
        "releer": [row.releer_en for row in rows],
    }
    with conn.transaction():
        conn.execute(query("rereads_note"), params)


@private_errors
def spend(conn: psycopg.Connection, company: str, today: date, count: int) -> None:
    """Count so many rereads for today. Raises RdsError."""
    with conn.transaction():
        conn.execute(query("rereads_spend"), {"empresa": company, "dia": today, "releidas": count})


@private_errors
def spent(conn: psycopg.Connection, company: str, today: date) -> int:
    """How many rereads were counted for today. Raises RdsError."""
    with conn.transaction():
        row = conn.execute(query("rereads_spent"), {"empresa": company, "dia": today}).fetchone()
    assert row is not None
    return row[0]
