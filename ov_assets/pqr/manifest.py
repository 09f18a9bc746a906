"""`manifest.json`: what was captured of one PQR, file by file, and when; the unit of verification."""

import json
from collections import Counter
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
class MissingFile:
    """An attachment that the page names and the portal doesn't hand out.

    nombre: as the portal shows it, so never in a message. posicion: its place on the page, from 1: what
    messages call it. causa: what came in its place. desde: since when it lacks, aware. conservado: an earlier
    capture had it, and that file is kept.
    """

    nombre: str
    posicion: int
    causa: str
    desde: datetime
    conservado: bool = False

    def __str__(self) -> str:
        return f"adjunto {self.posicion} ({self.causa})"

    def as_json(self) -> dict[str, str | int | bool]:
        return asdict(self) | {"desde": self.desde.isoformat()}

    @classmethod
    def from_json(cls, item: dict) -> "MissingFile":
        return cls(**item | {"desde": _instant(item["desde"])})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one capture of one PQR left on disk.

    huella_lista: hash of the row that the portal's list showed; a different row later means "look again".
    extraido_en: when the detail page was read, aware; Bogotá's time in one that was read from disk.
    adjuntos_faltantes: what it had to do without. One of them may be among `archivos` all the same, as an
    earlier capture had it.
    """

    empresa: str
    fecha: date
    numero_radicado: str
    huella_lista: str
    extraido_en: datetime
    archivos: tuple[CapturedFile, ...]
    adjuntos_faltantes: tuple[MissingFile, ...] = ()

    @property
    def names(self) -> Counter[str]:
        """The names of the attachments that the page showed, and how often each."""
        had = Counter(file.nombre for file in self.archivos if file.clase is Clase.ADJUNTO)
        return had + Counter(file.nombre for file in self.adjuntos_faltantes if not file.conservado)

    @property
    def lacking_since(self) -> datetime | None:
        """Since when the newest of the missing files lacks; None: it has all."""
        return max((file.desde for file in self.adjuntos_faltantes), default=None)

    def to_json(self) -> bytes:
        document = {"version": MANIFEST_VERSION} | asdict(self)
        document["fecha"] = self.fecha.isoformat()
        document["extraido_en"] = self.extraido_en.isoformat()
        document["adjuntos_faltantes"] = [file.as_json() for file in self.adjuntos_faltantes]
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
            missing = tuple(MissingFile.from_json(item) for item in document.get("adjuntos_faltantes", ()))
            return cls(
                **document
                | {
                    "fecha": date.fromisoformat(document["fecha"]),
                    "extraido_en": _instant(document["extraido_en"]),
                    "archivos": files,
                    "adjuntos_faltantes": missing,
                }
            )
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"not a manifest of version {MANIFEST_VERSION} ({type(error).__name__})"
            ) from error


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant without an offset")
    return instant.astimezone(BOGOTA)
