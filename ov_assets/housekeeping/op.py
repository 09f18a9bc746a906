"""The weekly cleanup as Dagster runs it."""

from dataclasses import asdict

import dagster as dg

from ov_assets.assets.common import table
from ov_assets.housekeeping.sweep import sweep
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.settings import Settings


@dg.op
def clean_up(context: dg.OpExecutionContext, database: Database, store: ObjectStore, disk: Disk) -> None:
    """Aplica la retención de cada clase (variables OV_KEEP_…) y dice qué liberó y qué conservó, y por qué."""
    with database.connect() as connection:
        freed = sweep(context.instance, connection, store.open(), disk, Settings(), dry_run=False)
    rows = [asdict(item) | {"conservados": str(item.conservados or "")} for item in freed]
    context.add_output_metadata(
        {
            "liberado": table(rows, ("clase", "dias", "elementos", "bytes", "conservados")),
            "bytes_liberados": sum(item.bytes for item in freed),
        }
    )
    for item in freed:
        context.log.info(
            f"{item.clase}: {item.elementos} removed, {item.bytes} bytes; kept {item.conservados}"
        )
