"""`alertas_ov`: which alerts are open, and which notices are still to be sent.

    (nothing) ──raise──▶ open ──close──▶ closed

An open alert that is raised again is counted, not repeated; after its silence it is told once more.
Each function opens a transaction, which commits when the connection was idle. All raise RdsError.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from ov_assets.rds.connection import private_errors, query


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What is wrong. clave: two alerts with the same key are one. silencio: between two notices of it."""

    clave: str
    clase: str
    gravedad: str
    empresa: str | None
    fecha: date | None
    titulo: str
    mensaje: str
    silencio: timedelta


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """A row of the ledger. veces: how often it was seen."""

    id: int
    clave: str
    clase: str
    gravedad: str
    empresa: str | None
    fecha: date | None
    titulo: str
    mensaje: str
    veces: int
    abierta_en: datetime
    vista_ultimo: datetime
    cerrada_en: datetime | None


@dataclass(frozen=True, slots=True)
class DueNotice(OpenAlert):
    """A notice to send. entregada_a: the targets that have it already."""

    entregada_a: list[str]


@private_errors
def raise_alerts(conn: psycopg.Connection, alerts: Iterable[NewAlert]) -> None:
    """Open these alerts, or count them once more."""
    with conn.transaction():
        for alert in alerts:
            values = {name: getattr(alert, name) for name in NewAlert.__slots__}
            conn.execute(query("alert_raise"), values)


@private_errors
def close_alerts(conn: psycopg.Connection, keys: Iterable[str], *, quietly: bool = False) -> int:
    """Close the open ones among these keys; returns how many. quietly: nobody is told of their end."""
    with conn.transaction():
        return conn.execute(query("alert_close"), {"claves": list(keys), "callada": quietly}).rowcount


@private_errors
def open_alerts(conn: psycopg.Connection) -> list[OpenAlert]:
    """Every open alert, oldest first."""
    with conn.transaction(), conn.cursor(row_factory=class_row(OpenAlert)) as cursor:
        return cursor.execute(query("alert_open")).fetchall()


@private_errors
def next_due(conn: psycopg.Connection, after_id: int) -> DueNotice | None:
    """The next notice to send, locked by the transaction that the caller has open."""
    with conn.cursor(row_factory=class_row(DueNotice)) as cursor:
        return cursor.execute(query("alert_due"), {"despues": after_id}).fetchone()


@private_errors
def note_delivery(
    conn: psycopg.Connection, notice_id: int, targets: Sequence[str], *, complete: bool
) -> None:
    """Write down who has a notice; complete: everybody."""
    params = {"id": notice_id, "destinos": list(targets), "completa": complete}
    conn.execute(query("alert_delivered"), params)


class ToSettle(NamedTuple):
    """conflictos, perdidos: objects. cuarentena: rows. perdidos: were in the bucket, and aren't back yet."""

    conflictos: int = 0
    cuarentena: int = 0
    perdidos: int = 0


@private_errors
def to_settle(conn: psycopg.Connection) -> dict[str, ToSettle]:
    """Of each company that has any."""
    with conn.transaction():
        return {company: ToSettle(*counts) for company, *counts in conn.execute(query("alert_states"))}
