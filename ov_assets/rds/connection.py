"""Connections to RDS, the SQL files, and errors that never carry a field's value.

PostgreSQL puts the values of a row into the DETAIL and CONTEXT of its errors, and often into the message
itself (`invalid input syntax for type integer: "…"`). Dagster stores every error, so the functions of this
package are wrapped in `private_errors`: what leaves them says which rule was broken, never by what.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import psycopg
from psycopg import sql

from ov_assets.companies import COMPANIES
from ov_assets.rds.statements import statement

P = ParamSpec("P")
R = TypeVar("R")

TIMEZONE = "America/Bogota"
# Classes of SQLSTATE whose message names objects and limits, never data (PostgreSQL's appendix A).
_MESSAGE_IS_SAFE = frozenset(
    {"0A", "25", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "P0"}
)
# Here the DETAIL names the objects that stand in the way, such as the view that uses a column.
_DETAIL_IS_SAFE = frozenset({"0A", "2B"})
_WORTH_ANOTHER_TRY = frozenset({"08", "40", "53", "55", "57"})
_CONNECTION_LOST = frozenset({"57P01", "57P02", "57P03", "57P05"})


class RdsError(Exception):
    """Any failure of the database, without field values."""


class DatabaseDownError(RdsError):
    """The database can't be reached, or the connection was lost on the way."""


class UnknownCompanyError(RdsError):
    """No such company in `companies.py`."""

    def __init__(self) -> None:
        super().__init__(f"no such company; there are {', '.join(COMPANIES)}")


class DatabaseError(RdsError):
    """The database refused a statement.

    sqlstate: PostgreSQL's five-character code. constraint, table: what was broken, if it was that.
    passing: whether the same statement may succeed later (deadlock, lock time-out, out of connections).
    """

    def __init__(self, sqlstate: str, name: str, message: str, table: str | None, constraint: str | None):
        self.sqlstate, self.table, self.constraint = sqlstate, table, constraint
        self.passing = sqlstate[:2] in _WORTH_ANOTHER_TRY
        where = [f"table {table}" if table else "", f"constraint {constraint}" if constraint else ""]
        super().__init__("; ".join(part for part in (f"{name} ({sqlstate})", message, *where) if part))


def without_values(error: psycopg.Error) -> RdsError:
    """The same failure as an error of ours that holds names and codes only."""
    state = error.sqlstate
    if state in _CONNECTION_LOST or (state or "08").startswith("08"):
        if state is None and not isinstance(error, psycopg.OperationalError):
            return DatabaseError("-----", type(error).__name__, "", None, None)
        return DatabaseDownError(f"the connection to the database was lost ({state or type(error).__name__})")
    assert state is not None
    message = (error.diag.message_primary or "") if state[:2] in _MESSAGE_IS_SAFE else ""
    if state[:2] in _DETAIL_IS_SAFE and error.diag.message_detail:
        message = f"{message}: {error.diag.message_detail}"
    return DatabaseError(
        state, type(error).__name__, message, error.diag.table_name, error.diag.constraint_name
    )


def private_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Raise `RdsError` in place of psycopg's own errors, which print the values of rows."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except psycopg.Error as error:
            safe = without_values(error)
        # Raised outside the except block: not even `__context__` holds the original.
        raise safe

    return guarded


def connect(conninfo: dict[str, Any]) -> psycopg.Connection:
    """Open a connection, autocommit off; `conninfo` holds the keyword arguments of `psycopg.connect`.

    Raises DatabaseDownError naming host, port and database.
    """
    # Settings go by SET, not by `options`: RDS Proxy refuses start-up options.
    try:
        conn = psycopg.connect(**{"client_encoding": "utf8"} | conninfo)
        conn.execute(query("session"))
        conn.commit()
    except psycopg.Error as error:
        where = f"{conninfo.get('host', 'localhost')}:{conninfo.get('port', 5432)}/{conninfo.get('dbname')}"
        why = " ".join(str(error).split()) or type(error).__name__
        if password := str(conninfo.get("password") or ""):
            why = why.replace(password, "***")
        down = DatabaseDownError(f"can't connect to {where}: {why}")
    else:
        return conn
    raise down


@cache
def query(name: str) -> sql.SQL:
    """The statement of this name in `rds/*.sql`. Raises StatementError."""
    return sql.SQL(statement("ov_assets.rds", name))


def company_query(name: str, company: str) -> sql.Composed:
    """The statement of this name, its `{tabla}` being the company's table.

    Raises UnknownCompanyError: no text of a caller ever becomes part of a statement.
    """
    if company not in COMPANIES:
        raise UnknownCompanyError
    return query(name).format(tabla=sql.Identifier("data_general", COMPANIES[company].table))
