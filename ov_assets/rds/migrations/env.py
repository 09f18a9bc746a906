"""Alembic's entry: runs the migrations on the connection that `migrate.py` hands over."""

from alembic import context

from ov_assets.rds.migrations import SCHEMA, VERSION_TABLE

if context.is_offline_mode():
    raise NotImplementedError("adoption looks at the tables that stand there: it needs a connection")

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
)
with context.begin_transaction():
    context.run_migrations()
