"""The disk that the captures are written to."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ov_assets.operations.doctor.diagnosis import Area, Diagnosis
from ov_assets.settings import Settings

AREA = Area("Disco")
FREE_MIN_BYTES = 5 * 1024**3
GIB = 1024**3


def look(root: Path | None = None, free_min_bytes: int = FREE_MIN_BYTES) -> Iterator[Diagnosis]:
    """root: OV_DATA_DIR unless given; it is made if it isn't there, as the capture would."""
    root = root or Settings().data_dir
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as scratch:
            scratch.write(b"ov doctor")
        free_bytes = shutil.disk_usage(root).free
    except OSError as error:
        yield AREA.bad(
            "se puede escribir",
            f"{root}: {error.strerror}",
            "Dé al usuario del servicio permiso sobre OV_DATA_DIR, o ponga otra carpeta.",
        )
        yield AREA.unseen("espacio libre", "no se puede escribir")
        return
    yield AREA.good("se puede escribir", str(root))
    seen = f"{free_bytes / GIB:.1f} GiB libres"
    if free_bytes >= free_min_bytes:
        yield AREA.good("espacio libre", seen)
    else:
        yield AREA.bad(
            "espacio libre",
            f"{seen}; hacen falta {free_min_bytes / GIB:.0f}",
            "Amplíe el disco, o mire `ov cleanup --dry-run` y los plazos OV_KEEP_…_DAYS.",
        )
