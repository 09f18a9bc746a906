"""Captures that were set aside: one goes when each of its files is proven to be somewhere else, never before.

Its bytes may be the only ones that there are, of a PQR that the portal shows no more. Its manifest is no file
of the PQR: it only says which ones there were.
"""

import time
from pathlib import Path

from ov_assets.housekeeping.found import (
    LEFTOVER_DAYS,
    SECONDS_PER_DAY,
    Found,
    newest_touch,
    partition_folders,
)
from ov_assets.partitions import CompanyDay
from ov_assets.pqr.captures import MANIFEST_NAME, CaptureStore, UnreadableCaptureError
from ov_assets.pqr.files import sha256_of

CLASE = "apartadas"
UNPROVEN, UNREADABLE, RECENT = "sin prueba de estar en otra parte", "ilegible en disco", "reciente"


def partitions_with_aside(raw: Path) -> list[CompanyDay]:
    """Companies and days below `raw` in which a capture was set aside."""
    return [p for p, _ in partition_folders(raw) if CaptureStore(raw.parent, *p).set_aside()]


def proven_aside(store: CaptureStore, in_s3: frozenset[str], found: Found) -> None:
    """Add to `found` the folders of one company and day that may go. The caller holds its locks.

    in_s3: SHA-256 of what a listing made now shows in the bucket.
    """
    oldest = time.time() - LEFTOVER_DAYS * SECONDS_PER_DAY
    for folder in store.set_aside():
        if newest_touch(folder) >= oldest:
            found.keep(RECENT)
            continue
        try:
            proven = _hashes(folder) <= in_s3 | store.hashes_beside(folder)
        except (UnreadableCaptureError, OSError):
            found.keep(UNREADABLE)
            continue
        if proven:
            found.paths.append(folder)
        else:
            found.keep(UNPROVEN)


def _hashes(folder: Path) -> set[str]:
    manifest = folder / MANIFEST_NAME
    return {sha256_of(path) for path in folder.rglob("*") if path != manifest and not path.is_dir()}
