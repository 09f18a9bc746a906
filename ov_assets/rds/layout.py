"""The registry's part of a change of layout: what to move, one guarded switch a row, and what may be pruned.

Which keys were left behind stands in the row itself (`metadatos.claves_anteriores`, key → since when), so
it is written by the same statement that switches. All raise RdsError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import psycopg
from psycopg.rows import class_row

from ov_assets.rds.connection import private_errors, query


@dataclass(frozen=True, slots=True)
class Settled:
    """A settled object of a file on record. tamano: bytes. fecha: the day of the partition."""

    id: int
    empresa: str
    clave_s3: str
    hash_archivo: str
    etag: str | None
    numero_radicado: str
    clase: str
    nombre_archivo: str
    fecha: date
    tamano: int


@dataclass(frozen=True, slots=True)
class Switch:
    """anterior: the key that the row must still have. etag: of the verified copy at `nueva`."""

    id: int
    anterior: str
    nueva: str
    etag: str


@dataclass(frozen=True, slots=True)
class Previous:
    """An object that was left behind. clave_s3: the key that the row has now."""

    id: int
    anterior: str
    clave_s3: str
    hash_archivo: str


@private_errors
def settled(conn: psycopg.Connection, bucket: str, company: str | None) -> list[Settled]:
    """The objects that a migration moves, always in the same order."""
    params = {"bucket": bucket, "empresa": company}
    with conn.transaction(), conn.cursor(row_factory=class_row(Settled)) as cursor:
        return cursor.execute(query("layout_rows"), params).fetchall()


@private_errors
def held_keys(conn: psycopg.Connection, bucket: str, company: str | None) -> set[str]:
    """Every key of any row: none of them is free."""
    params = {"bucket": bucket, "empresa": company}
    with conn.transaction():
        return {key for (key,) in conn.execute(query("layout_keys"), params)}


@private_errors
def switch(conn: psycopg.Connection, batch: Sequence[Switch]) -> int:
    """Old key → new key, for rows that are settled and still have the old one; how many."""
    params = {
        "ids": [row.id for row in batch],
        "anteriores": [row.anterior for row in batch],
        "nuevas": [row.nueva for row in batch],
        "etags": [row.etag for row in batch],
    }
    with conn.transaction():
        return conn.execute(query("layout_switch"), params).rowcount


@private_errors
def previous(conn: psycopg.Connection, bucket: str, company: str | None, grace: timedelta) -> list[Previous]:
    """What was left behind longer than `grace` ago and no row has taken up since."""
    params = {"bucket": bucket, "empresa": company, "gracia": grace.total_seconds()}
    with conn.transaction(), conn.cursor(row_factory=class_row(Previous)) as cursor:
        return cursor.execute(query("layout_previous"), params).fetchall()


@private_errors
def forget(conn: psycopg.Connection, batch: Sequence[Previous]) -> int:
    """Forget keys whose objects are gone."""
    params = {"ids": [row.id for row in batch], "anteriores": [row.anterior for row in batch]}
    with conn.transaction():
        return conn.execute(query("layout_pruned"), params).rowcount
