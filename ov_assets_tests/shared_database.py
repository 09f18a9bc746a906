"""One database for many tests: emptied after each, and made anew after one that changed more than rows."""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, LiteralString

import psycopg
import stamina
from psycopg import sql

Conninfo = dict[str, Any]
GONE_WITHIN_S = 10.0
# A row of the catalogue that was written again has another xmin. Not so pg_class, which VACUUM, ANALYZE and
# TRUNCATE write too: of it, what only DDL changes.
SCHEMA = """
WITH space AS (
    SELECT oid, xmin FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), relation AS (
    SELECT c.* FROM pg_class AS c JOIN space ON space.oid = c.relnamespace
), line AS (
    SELECT concat_ws(' ', 'space', oid, xmin) AS said FROM space
    UNION ALL SELECT concat_ws(' ', 'class', oid, relname, relowner, relkind, relacl, reloptions,
        relrowsecurity, relreplident) FROM relation
    UNION ALL SELECT concat_ws(' ', 'column', a.attrelid, a.attnum, a.xmin)
        FROM pg_attribute AS a JOIN relation ON relation.oid = a.attrelid
    UNION ALL SELECT concat_ws(' ', 'default', d.oid, d.xmin)
        FROM pg_attrdef AS d JOIN relation ON relation.oid = d.adrelid
    UNION ALL SELECT concat_ws(' ', 'constraint', c.oid, c.xmin)
        FROM pg_constraint AS c JOIN space ON space.oid = c.connamespace
    UNION ALL SELECT concat_ws(' ', 'index', i.indexrelid, i.xmin)
        FROM pg_index AS i JOIN relation ON relation.oid = i.indrelid
    UNION ALL SELECT concat_ws(' ', 'trigger', t.oid, t.xmin)
        FROM pg_trigger AS t JOIN relation ON relation.oid = t.tgrelid
    UNION ALL SELECT concat_ws(' ', 'rule', r.oid, r.xmin)
        FROM pg_rewrite AS r JOIN relation ON relation.oid = r.ev_class
    UNION ALL SELECT concat_ws(' ', 'policy', p.oid, p.xmin)
        FROM pg_policy AS p JOIN relation ON relation.oid = p.polrelid
    UNION ALL SELECT concat_ws(' ', 'function', p.oid, p.xmin)
        FROM pg_proc AS p JOIN space ON space.oid = p.pronamespace
    UNION ALL SELECT concat_ws(' ', 'type', t.oid, t.xmin)
        FROM pg_type AS t JOIN space ON space.oid = t.typnamespace
    UNION ALL SELECT concat_ws(' ', 'extension', oid, xmin) FROM pg_extension
    UNION ALL SELECT concat_ws(' ', 'database', datname, datacl, datdba)
        FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT concat_ws(' ', 'setting', s.xmin)
        FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
        WHERE d.datname = current_database()
)
SELECT md5(string_agg(said, ';' ORDER BY said)) FROM line
"""
TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""
RESTART_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
OTHERS += " AND backend_type = 'client backend'"


@contextmanager
def fresh_database(variables: dict[str, str], template: str) -> Iterator[Conninfo]:
    """A database made from `template`, dropped afterwards whoever is still connected."""
    conninfo: Conninfo = {
        "host": variables["RDS_HOST"],
        "port": int(variables["RDS_PORT"]),
        "user": variables["RDS_USERNAME"],
        "password": variables["RDS_PASSWORD"],
        "dbname": f"test_{uuid.uuid4().hex[:12]}",
        "sslmode": variables["RDS_SSL_MODE"],
    }
    name = sql.Identifier(conninfo["dbname"])
    with psycopg.connect(**conninfo | {"dbname": variables["RDS_DATABASE"]}, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template)))
        try:
            yield conninfo
        finally:
            # An autovacuum at work there is the server's own: nobody may end it, but it soon ends.
            busy = psycopg.errors.InsufficientPrivilege
            for attempt in stamina.retry_context(on=busy, attempts=None, timeout=60, wait_max=1):
                with attempt:
                    admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


class SharedDatabase:
    """`with shared.lent() as conninfo:` a database as the migrations leave it, time and again."""

    def __init__(self, variables: dict[str, str], template: str) -> None:
        self._variables, self._template = variables, template
        self._stack = ExitStack()
        self._current: _Watched | None = None

    def close(self) -> None:
        self._stack.close()
        self._current = None

    @contextmanager
    def lent(self) -> Iterator[Conninfo]:
        if self._current is None:
            conninfo = self._stack.enter_context(fresh_database(self._variables, self._template))
            # A connection of its own for good: to make one costs more than all that it is asked.
            admin = self._stack.enter_context(psycopg.connect(**conninfo, autocommit=True))
            self._current = _Watched(conninfo, admin)
        try:
            yield dict(self._current.conninfo)
        finally:
            if not self._current.cleared():
                self.close()  # the next one gets a new one


class _Watched:
    """A database whose schema, and the rows that the migrations themselves wrote, are known."""

    def __init__(self, conninfo: Conninfo, admin: psycopg.Connection) -> None:
        self.conninfo, self._admin = conninfo, admin
        self._schema = _said(admin, SCHEMA)
        tables = [sql.Identifier(*names) for names in admin.execute(TABLES).fetchall()]
        holding = _holding_rows(admin, tables)
        self._kept = [(table, _rows(admin, table)) for table in holding]
        self._emptied = [table for table in tables if table not in holding]

    def cleared(self) -> bool:
        """Empty it; whether it is now as it was when it was made."""
        _end_the_others(self._admin)
        if _said(self._admin, SCHEMA) != self._schema:
            return False
        if used := _holding_rows(self._admin, self._emptied):
            self._admin.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(used)))
        self._admin.execute(RESTART_SEQUENCES)
        return all(_rows(self._admin, table) == rows for table, rows in self._kept)


def _end_the_others(admin: psycopg.Connection) -> None:
    """Whoever a test has left connected; a transaction of theirs would stand in the way."""
    deadline = time.monotonic() + GONE_WITHIN_S
    while admin.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}").fetchall():
        assert time.monotonic() < deadline, "a connection of the test outlives it"
        time.sleep(0.01)


def _said(admin: psycopg.Connection, question: LiteralString | sql.Composed) -> str:
    (answer,) = admin.execute(question).fetchone() or ("",)
    return str(answer)


def _holding_rows(admin: psycopg.Connection, tables: list[sql.Identifier]) -> list[sql.Identifier]:
    """Those of `tables` that have rows."""
    if not tables:
        return []
    each = [
        sql.SQL("SELECT {} AS n WHERE EXISTS (SELECT FROM {})").format(number, table)
        for number, table in enumerate(tables)
    ]
    return [tables[number] for (number,) in admin.execute(sql.SQL(" UNION ALL ").join(each)).fetchall()]


def _rows(admin: psycopg.Connection, table: sql.Identifier) -> str:
    return _said(
        admin, sql.SQL("SELECT md5(string_agg(t::text, ';' ORDER BY t::text)) FROM {} AS t").format(table)
    )
