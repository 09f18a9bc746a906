"""What a server is, what time it has, and what the connected role may not do in it."""

from datetime import datetime
from typing import NamedTuple

import psycopg

from ov_assets.rds.connection import private_errors, query
from ov_assets.rds.drift import FUNCTIONS, TABLES
from ov_assets.rds.migrations import VERSION_TABLE

VERSIONS = range(14, 19)  # major versions that this code is made for
# Nothing here ever deletes a row. What is only added to, or only read, needs no more than that.
_RIGHTS = {table: ("SELECT", "INSERT", "UPDATE") for table in TABLES} | {
    "historial_ov": ("SELECT", "INSERT"),
    VERSION_TABLE: ("SELECT",),
}


class Grant(NamedTuple):
    """A right that a role needs on an object; kind as GRANT wants it (TABLE, SCHEMA, …)."""

    kind: str
    object: str
    right: str


def major_version(conn: psycopg.Connection) -> int:
    return conn.info.server_version // 10_000


@private_errors
def server_time(conn: psycopg.Connection) -> datetime:
    """The server's clock, aware. Raises DatabaseDownError."""
    with conn.transaction():
        row = conn.execute(query("server_time")).fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


@private_errors
def missing_grants(conn: psycopg.Connection) -> list[Grant]:
    """What the flow needs and the role hasn't got, of the objects that are there.

    The right to create, which migrations need, isn't asked for: they may be another role's work.
    Raises DatabaseDownError, DatabaseError.
    """
    wanted = [(table, right) for table, rights in _RIGHTS.items() for right in rights]
    with conn.transaction():
        rows = conn.execute(
            query("server_grants"),
            {
                "tablas": [table for table, _ in wanted],
                "permisos": [right for _, right in wanted],
                "funciones": sorted(FUNCTIONS),
            },
        ).fetchall()
    return [Grant(*row) for row in rows]
