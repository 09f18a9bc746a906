"""Bring the schema `data_general` to this version, from nothing or from the predecessor's tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from importlib import resources
from typing import Any, ParamSpec, TypeVar

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from ov_assets.rds.connection import RdsError, connect, private_errors, query
from ov_assets.rds.drift import drift
from ov_assets.rds.locks import advisory_lock
from ov_assets.rds.migrations import SCHEMA, VERSION_TABLE

P = ParamSpec("P")
R = TypeVar("R")

WAIT_SECONDS = 120.0


def _driver_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Raise psycopg's error in place of SQLAlchemy's, which prints the statement and its parameters."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except DBAPIError as error:
            original = error.orig
        assert original is not None
        raise original

    return guarded


@private_errors
@_driver_errors
def upgrade(conninfo: dict[str, Any], revision: str = "head") -> None:
    """Upgrade in one transaction; a second call changes nothing, a concurrent one waits.

    Raises DatabaseDownError, DatabaseError (the schema is then as it was), LockBusyError after two minutes.
    """
    _migrate(conninfo, lambda config: command.upgrade(config, revision))


@private_errors
@_driver_errors
def downgrade(conninfo: dict[str, Any], revision: str) -> None:
    """Go back to `revision` ("base" for nothing), in one transaction.

    Raises DatabaseError where a table of ours holds rows. Adopted tables stay as they are.
    """
    _migrate(conninfo, lambda config: command.downgrade(config, revision))


@private_errors
@_driver_errors
def current(conninfo: dict[str, Any]) -> str | None:
    """The revision that the database is at, None for a database without our schema."""
    with _engine_connection(conninfo) as connection:
        options = {"version_table": VERSION_TABLE, "version_table_schema": SCHEMA}
        return MigrationContext.configure(connection, opts=options).get_current_revision()


class SchemaRevisionError(RdsError):
    """The schema isn't as this code needs it: older, newer, or not there at all."""


@cache
def revisions() -> tuple[str, ...]:
    """Every revision that this code has, the newest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def head() -> str:
    """The newest revision that this code has."""
    return revisions()[0]


@private_errors
def require_head(conn: psycopg.Connection) -> None:
    """One look at the revision, before there is work that could not be kept.

    Raises SchemaRevisionError telling what to do, DatabaseDownError, DatabaseError.
    """
    try:
        with conn.transaction():
            row = conn.execute(query("schema_revision")).fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    at = row[0] if row else None
    if at == head():
        return
    database = f"the schema of the database {conn.info.dbname} is at revision {at or 'none'}"
    if at is None or at in revisions():
        raise SchemaRevisionError(f"{database}, and this version needs {head()}: run `ov db upgrade`")
    raise SchemaRevisionError(
        f"{database}, which this version, at {head()}, doesn't know: a newer one made it, install that one"
    )


@private_errors
@_driver_errors
def check(conninfo: dict[str, Any]) -> list[str]:
    """Where the database differs from what this code needs, one sentence each; empty when nothing does."""
    at = current(conninfo)
    behind = (
        []
        if at == head()
        else [f"the schema is at revision {at or 'none'}, not {head()}: run `ov db upgrade`"]
    )
    with connect(conninfo) as conn:
        return behind + drift(conn)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("ov_assets.rds.migrations")))
    return config


def _migrate(conninfo: dict[str, Any], work: Callable[[Config], None]) -> None:
    # The lock is held on a connection of its own, so that it outlives whatever happens on the other one.
    with (
        connect(conninfo) as guard,
        advisory_lock(guard, "migraciones", wait_seconds=WAIT_SECONDS),
        _engine_connection(conninfo) as connection,
    ):
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        driver.execute(query("schema_create"))
        config = _config()
        config.attributes["connection"] = connection
        try:
            work(config)
        except CommandError as error:
            raise RdsError(f"the revisions of the database and of this code don't fit: {error}") from None


@contextmanager
def _engine_connection(conninfo: dict[str, Any]) -> Iterator[Connection]:
    def creator() -> psycopg.Connection:
        conn = connect(conninfo)
        conn.execute(query("schema_limits"))
        conn.commit()
        return conn

    with create_engine("postgresql+psycopg://", creator=creator, poolclass=NullPool).begin() as connection:
        yield connection
