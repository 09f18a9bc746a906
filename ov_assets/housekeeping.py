"""Weekly cleanup: what a killed capture left, and nothing else."""

import shutil
import time

import dagster as dg

from ov_assets.pqr.captures import BROKEN_PREFIX, DRAFT_PREFIX
from ov_assets.resources import Disk

LEFTOVER_DAYS = 7
SECONDS_PER_DAY = 86_400


@dg.op
def remove_leftovers(context: dg.OpExecutionContext, disk: Disk) -> None:
    """Remove unfinished and set-aside capture folders that nobody touched for a week.

    A running capture's draft is minutes old, so age alone keeps it safe.
    """
    raw = disk.root / "raw"
    oldest = time.time() - LEFTOVER_DAYS * SECONDS_PER_DAY
    folders = [
        folder
        for prefix in (DRAFT_PREFIX, BROKEN_PREFIX)
        for folder in raw.glob(f"*/*/{prefix}*")
        if folder.stat().st_mtime < oldest
    ]
    for folder in folders:
        shutil.rmtree(folder)
    context.add_output_metadata({"carpetas_borradas": len(folders)})
    context.log.info(f"removed {len(folders)} leftovers older than {LEFTOVER_DAYS} days")
