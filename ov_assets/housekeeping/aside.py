"""Captures that were set aside: one goes when each of its files is proven to be somewhere else, never before.

Its bytes may be the only ones that there are, of a PQR that the portal shows no more. Its manifest is no file
of the PQR: it only says which ones there were.
"""

import os
import time
from pathlib import Path

from ov_assets.days import CompanyDay
from ov_assets.flow.staging import Staging
from ov_assets.housekeeping.archived import Proven
from ov_assets.housekeeping.found import SECONDS_PER_DAY, Found, newest_touch, partition_folders
from ov_assets.pqr.captures import MANIFEST_NAME, UnreadableCaptureError
from ov_assets.pqr.files import sha256_of

UNPROVEN, UNREADABLE, RECENT = "sin prueba de estar en otra parte", "ilegible en disco", "reciente"


def partitions_with_aside(staging: Staging, days: int) -> list[CompanyDay]:
    """Companies and days in which a capture was set aside; none when the retention of `days` is 0."""
    folders = partition_folders(staging.root / "raw") if days else ()
    return [partition for partition, _ in folders if staging.captures(partition).set_aside()]


def aside_of(partition: CompanyDay, proven: Proven, staging: Staging, found: Found) -> None:
    """Add to `found` the set-aside folders of one partition that may go. The caller holds its locks."""
    store, in_s3 = staging.captures(partition), {file.hash_archivo for file in proven}
    oldest = time.time() - found.dias * SECONDS_PER_DAY
    for folder in store.set_aside():
        if newest_touch(folder) >= oldest:
            found.keep(RECENT)
            continue
        try:
            elsewhere = _hashes(folder) <= in_s3 | store.hashes_beside(folder)
        except (UnreadableCaptureError, OSError):
            found.keep(UNREADABLE)
            continue
        if elsewhere:
            found.paths.append(folder)
        else:
            found.keep(UNPROVEN)


def _hashes(folder: Path) -> set[str]:
    """Of all that goes with it; a file may lie among the captures, too. Raises OSError."""
    if not folder.is_dir():
        return {sha256_of(folder)}
    manifest, paths = folder / MANIFEST_NAME, []
    for parent, _, names in os.walk(folder, onerror=_refused):
        paths += [Path(parent, name) for name in names]
    return {sha256_of(path) for path in paths if path != manifest}


def _refused(error: OSError) -> None:
    raise error
