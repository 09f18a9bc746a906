"""`ov cleanup`: what the weekly cleanup does, now."""

import json
from dataclasses import asdict

import click

from ov_assets.cli.shared import environment, print_table


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def cleanup(dry_run: bool, as_json: bool) -> None:
    """Remove what is past its retention (OV_KEEP_…_DAYS); never what isn't verified in S3 or is at work."""
    with environment() as dagster_home:
        from ov_assets.cli.partition_run import instance_of
        from ov_assets.housekeeping.sweep import sweep
        from ov_assets.resources import Database, Disk, ObjectStore
        from ov_assets.settings import Settings

        bucket = ObjectStore().open()
        with instance_of(dagster_home) as instance, Database().connect() as connection:
            freed = sweep(instance, connection, bucket, Disk().open(), Settings(), dry_run=dry_run)
    if as_json:
        click.echo(json.dumps([asdict(item) for item in freed], ensure_ascii=False))
        return
    rows = [
        (
            item.clase,
            item.dias or "for ever",
            item.elementos,
            item.bytes,
            ", ".join(f"{count} {reason}" for reason, count in item.conservados.items()),
        )
        for item in freed
    ]
    title = "Would be removed" if dry_run else "Removed"
    print_table(title, ("class", "days", "items", "bytes", "kept"), rows)
