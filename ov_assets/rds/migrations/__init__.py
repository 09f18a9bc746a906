"""The schema `data_general`, revision by revision: plain SQL scripts in `sql/`, run by Alembic.

A new company is one revision that calls `company_table(<its table>)`.
"""

import psycopg
from alembic import op
from psycopg import sql

from ov_assets.rds.statements import statement

SCHEMA = "data_general"
# A name of its own: other applications may keep Alembic's usual table in the same schema.
VERSION_TABLE = "alembic_version_ov"


def run(script: str, **parts: sql.Composable) -> None:
    """Run the script of this name in `sql/`, composed with `parts` where it has placeholders."""
    text = statement(__name__, script, "sql")
    _execute(sql.SQL(text).format(**parts) if parts else text)


def company_table(table: str) -> None:
    """Make or adopt a company's table of PQR; `run("helpers")` first."""
    run(
        "company_table",
        tabla=sql.Identifier(SCHEMA, table),
        nombre=sql.Literal(f"{SCHEMA}.{table}"),
        clave=sql.Literal(f"{table}_numero_radicado_key"),
        # The predecessor's own names: where it made them, they are adopted as well.
        indice_fecha=sql.Identifier(f"idx_{table}_fecha"),
        indice_hash=sql.Identifier(f"idx_{table}_hash"),
        indice_sgc=sql.Identifier(f"idx_{table}_sgc"),
    )


def remove(*tables: str) -> None:
    """Undo the making of these tables: empty ones of ours go, adopted ones stay, others are an error."""
    run("helpers")
    for table in tables:
        _execute(sql.SQL("SELECT pg_temp.retirar(to_regclass({}))").format(sql.Literal(f"{SCHEMA}.{table}")))


def _execute(statement: str | sql.SQL | sql.Composed) -> None:
    # On psycopg's own cursor: `op.execute` would take `:name` in a script for a parameter.
    connection = op.get_bind().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    connection.execute(statement)
