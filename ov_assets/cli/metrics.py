"""`ov metrics`: the figures of the flow for Prometheus."""

from pathlib import Path

import click

from ov_assets.cli.shared import environment


@click.command()
@click.option(
    "--textfile",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, in one step, for node_exporter's textfile collector (its name ends in .prom).",
)
def metrics(textfile: Path | None) -> None:
    """Print the figures of the flow in Prometheus's text format."""
    with environment() as dagster_home:
        from ov_assets.cli.partition_run import instance_of
        from ov_assets.operations.metrics import exposition
        from ov_assets.pqr.files import replace_atomically
        from ov_assets.resources import Database, ObjectStore

        with instance_of(dagster_home) as instance, Database().connect() as connection:
            text = exposition(instance, connection, ObjectStore().bucket_name)
    if textfile:
        replace_atomically(textfile.absolute(), text.encode())
        textfile.chmod(0o644)  # node_exporter runs as another user
    else:
        click.echo(text, nl=False)
