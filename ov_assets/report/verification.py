"""The verification report of one company and day: the numbers of every step, and what is still missing.

It holds no time of its own making, so that the same state of affairs gives the same page, and no field of
a PQR but its radicado.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache

from jinja2 import Environment, PackageLoader, select_autoescape

PENDING_ROWS_MAX = 200


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that isn't where it should be. motivo: a code."""

    numero_radicado: str
    que: str
    motivo: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What the report says; counts of PQR (listadas … en_rds) and of files (archivos … en_s3)."""

    empresa: str
    nombre_empresa: str
    fecha: date
    listadas: int
    capturadas: int
    en_csv: int
    en_rds: int
    rechazadas: int
    archivos: int
    archivos_por_clase: dict[str, int]
    bytes_total: int
    en_s3: int
    estados: dict[str, int]
    faltantes: list[Missing] = field(default_factory=list)

    @property
    def completo(self) -> bool:
        """Whether everything that the portal lists is in every step down to S3."""
        same = self.listadas == self.capturadas == self.en_csv == self.en_rds
        return same and not self.rechazadas and self.archivos == self.en_s3 and not self.faltantes


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ov_assets.report"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tamano"] = size
    return environment


def size(count: int) -> str:
    """Bytes for a reader: `1,4 MB`, with a decimal comma."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.1f} {unit}".replace(".", ",") if unit != "B" else f"{count} B"


def to_html(report: Verification) -> str:
    """The page, complete in itself: no script, no outside file."""
    return _environment().get_template("verification.html").render(r=report, pending_max=PENDING_ROWS_MAX)


def to_json(report: Verification) -> str:
    """The same numbers for machines."""
    document = asdict(report) | {"fecha": report.fecha.isoformat(), "completo": report.completo}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
