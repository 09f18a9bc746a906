"""Small private files: only their owner reads them, and a reader never sees half of one."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

PRIVATE_FOLDER = 0o700


def keep_private(path: Path, data: bytes) -> None:
    """Replace `path` at once; mode 0600 from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp's files are 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def read_json(path: Path) -> dict | None:
    """The object in a file, or None if there is none, or nothing that can be read as one."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
