"""Object keys: a deterministic function of the file, so that a second upload can only find the first.

Three layouts of the mapping document. `completa` has the class and the day in the path; `hibrida` and
`minima` are flat. The stem carries the content: a key always means the same bytes.
"""

import hashlib
import re
from datetime import date
from enum import StrEnum

from ov_assets.pqr.manifest import Clase

RAW = "01_raw_data/oficina_virtual"
REPORTS = "03_reports"
CLASS_FOLDERS = {Clase.JSON: "json", Clase.PDF: "pdf", Clase.ADJUNTO: "adjuntos", Clase.CSV: "csv"}
HASH_DIGITS = 12
SAFE_RADICADO = re.compile(r"[A-Za-z0-9-]{1,50}")
SAFE_EXTENSION = re.compile(r"[a-z0-9]{1,10}")


class Layout(StrEnum):
    """How the bucket is laid out (docs/S3_STRUCTURE_MAPPING.md)."""

    COMPLETA = "completa"
    HIBRIDA = "hibrida"
    MINIMA = "minima"


def extension(nombre: str) -> str:
    """The extension of a file name in lower case, or `bin` when it has none that is plain."""
    _, dot, last = nombre.rpartition(".")
    return last.lower() if dot and SAFE_EXTENSION.fullmatch(last.lower()) else "bin"


def safe_radicado(numero_radicado: str) -> str:
    """The radicado as it stands in a key; one with other characters is told by its hash alone.

    What people type into that field by mistake may be personal, so it is not cleaned but left out.
    """
    if SAFE_RADICADO.fullmatch(numero_radicado):
        return numero_radicado
    return "x" + hashlib.sha256(numero_radicado.encode()).hexdigest()[:16]


def dated(day: date) -> str:
    return f"{day:%Y/%m/%d}"


def folder(layout: Layout, company: str, clase: Clase, day: date) -> str:
    """The prefix, with its final slash, under which a file's object stands."""
    if layout is Layout.MINIMA:
        return f"{company}/oficina_virtual/"
    if layout is Layout.HIBRIDA:
        return f"{company}/{RAW}/"
    return f"{company}/{RAW}/{CLASS_FOLDERS[clase]}/{dated(day)}/"


def object_key(
    layout: Layout,
    *,
    company: str,
    day: date,
    clase: Clase,
    numero_radicado: str,
    nombre: str,
    hash_archivo: str,
    number: int = 1,
) -> str:
    """The key of one file.

    day: the partition's date. nombre: only its extension is used. hash_archivo: SHA-256, 64 hex digits.
    number: from 2 on, sets apart files of one PQR with the same bytes under several names.
    """
    if clase is Clase.CSV:
        stem = f"{company}_{day.isoformat()}_{hash_archivo[:HASH_DIGITS]}"
    else:
        stem = f"{safe_radicado(numero_radicado)}_{hash_archivo[:HASH_DIGITS]}"
    if number > 1:
        stem += f"_{number}"
    return f"{folder(layout, company, clase, day)}{stem}.{extension(nombre)}"


def partition_prefixes(layout: Layout, company: str, day: date) -> list[str]:
    """The prefixes that hold every object of one company and day (and, when flat, of the other days)."""
    return sorted({folder(layout, company, clase, day) for clase in Clase})


def report_key(company: str, day: date, hash_archivo: str, nombre: str) -> str:
    """The key of a verification report; the same report has the same key."""
    stem = f"verificacion_{company}_{day.isoformat()}_{hash_archivo[:HASH_DIGITS]}"
    return f"{company}/{REPORTS}/{dated(day)}/{stem}.{extension(nombre)}"
