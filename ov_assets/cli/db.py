"""`ov db`: the schema of the database."""

import click

from ov_assets.cli.shared import environment


@click.group()
def db() -> None:
    """Look after the schema `data_general`."""


@db.command()
def upgrade() -> None:
    """Bring the schema to this version, adopting tables that are there; a second time changes nothing."""
    with environment():
        from ov_assets.rds import migrate
        from ov_assets.settings import Settings

        conninfo = Settings().rds_conninfo()
        before = migrate.current(conninfo)
        migrate.upgrade(conninfo)
        after = migrate.current(conninfo)
    click.echo(f"at {after} already" if before == after else f"{before or 'nothing'} → {after}")


@db.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Compare the database with what this code needs. Exit code 1 if they differ."""
    with environment():
        from ov_assets.rds import migrate
        from ov_assets.settings import Settings

        differences = migrate.check(Settings().rds_conninfo())
    for difference in differences:
        click.echo(difference)
    if differences:
        ctx.exit(1)
    click.echo("the schema is as this version needs it")


@db.command()
def current() -> None:
    """Print the revision that the database is at."""
    with environment():
        from ov_assets.rds import migrate
        from ov_assets.settings import Settings

        revision = migrate.current(Settings().rds_conninfo())
    click.echo(revision or "none")
