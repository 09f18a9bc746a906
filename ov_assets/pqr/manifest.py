"""`manifest.json`: what was captured of one PQR, file by file, and when; the unit of verification."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from ov_assets.timezone import BOGOTA

MANIFEST_VERSION = 1


class Clase(StrEnum):
    """The class of a file, as `archivos_ov.clase` stores it."""

    JSON = "json"
    PDF = "pdf"
    ADJUNTO = "adjunto"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class CapturedFile:
    """One file of a PQR.

    nombre: its name as the portal shows it (`pqr.json` and `detalle.pdf` are ours).
    ruta: its path below the PQR's folder, made safe for any file system.
    tamano: bytes. hash_archivo: SHA-256, 64 hex digits.
    """

    clase: Clase
    nombre: str
    ruta: str
    tamano: int
    hash_archivo: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one capture of one PQR left on disk.

    huella_lista: hash of the row that the portal's list showed; a different row later means "look again".
    extraido_en: when the detail page was read, aware; Bogotá's time in one that was read from disk.
    """

    empresa: str
    fecha: date
    numero_radicado: str
    huella_lista: str
    extraido_en: datetime
    archivos: tuple[CapturedFile, ...]

    def to_json(self) -> bytes:
        document = {"version": MANIFEST_VERSION} | asdict(self)
        document["fecha"] = self.fecha.isoformat()
        document["extraido_en"] = self.extraido_en.isoformat()
        return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Raises ValueError for anything that isn't a manifest of this version."""
        try:
            document = json.loads(data)
            if document.pop("version") != MANIFEST_VERSION:
                raise ValueError("another version")
            files = tuple(
                CapturedFile(**item | {"clase": Clase(item["clase"])}) for item in document["archivos"]
            )
            read_at = datetime.fromisoformat(document["extraido_en"])
            if read_at.tzinfo is None:
                raise ValueError("an instant without an offset")
            return cls(
                **document
                | {
                    "fecha": date.fromisoformat(document["fecha"]),
                    "extraido_en": read_at.astimezone(BOGOTA),
                    "archivos": files,
                }
            )
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"not a manifest of version {MANIFEST_VERSION} ({type(error).__name__})"
            ) from error
