"""Writing files so that a reader sees all of one or nothing of it, whatever kills the writer."""

import hashlib
import os
import secrets
from pathlib import Path

from pathvalidate import sanitize_filename

CHUNK_BYTES = 1 << 20
SAFE_NAME_MAX_BYTES = 150


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, data: bytes) -> None:
    """Write and fsync; the caller makes it visible by a rename."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step; an interrupted call leaves the old file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_durably(beside, data)
        beside.replace(path)
        sync_directory(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def safe_name(original: str, taken: set[str]) -> str:
    """A name for any file system from a name that somebody else chose.

    No path, no reserved or over-long name, and none that differs from one in `taken` by case alone.
    The original is kept in the manifest.
    """
    last = original.encode(errors="replace").decode().replace("\\", "/").rsplit("/", 1)[-1]
    cleaned = sanitize_filename(last, platform="universal").strip(". ") or "archivo"
    stem, suffix = Path(cleaned).stem, Path(cleaned).suffix
    while len(stem.encode()) > SAFE_NAME_MAX_BYTES:
        stem = stem[:-1]
    suffix = suffix if len(suffix) <= 12 else ""
    name, number = f"{stem}{suffix}", 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}_{number}{suffix}"
    taken.add(name.casefold())
    return name
