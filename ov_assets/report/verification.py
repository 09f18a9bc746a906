"""The verification report of one company and day: the numbers of every step, and what is still missing.

It holds no time of its own making, so that the same state of affairs gives the same page, and no field of
a PQR but its radicado.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

from ov_assets.report.pages import render


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that isn't where it should be. motivo: a code."""

    numero_radicado: str
    que: str
    motivo: str


@dataclass(frozen=True, slots=True)
class TrendDay:
    """PQR of one day: those that the portal lists, those in RDS, those whose every file is in S3."""

    fecha: date
    listadas: int
    en_rds: int
    verificadas: int


@dataclass(frozen=True, slots=True)
class Step:
    """A number of the report and the one it has to reach."""

    nombre: str
    cuenta: int
    esperado: int

    @property
    def corto(self) -> bool:
        return self.cuenta != self.esperado


@dataclass(frozen=True, slots=True)
class Verification:
    """What the report says; counts of PQR that the portal lists (listadas … en_rds) and of files (… en_s3).

    cobertura: rows of the CSV in which a field isn't empty, by field. tendencia: the days up to this one.
    """

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
    cuarentena: list[Missing] = field(default_factory=list)
    cobertura: dict[str, int] = field(default_factory=dict)
    tendencia: list[TrendDay] = field(default_factory=list)

    @property
    def completo(self) -> bool:
        """Whether everything that the portal lists is in every step down to S3."""
        same = self.listadas == self.capturadas == self.en_csv == self.en_rds
        return same and not self.rechazadas and self.archivos == self.en_s3 and not self.faltantes

    @property
    def pasos(self) -> list[Step]:
        """The six numbers, in the order of the flow."""
        return [
            Step("Listadas en el portal", self.listadas, self.listadas),
            Step("Capturadas", self.capturadas, self.listadas),
            Step("En el CSV", self.en_csv, self.listadas),
            Step("En RDS", self.en_rds, self.listadas),
            Step("Archivos", self.archivos, self.archivos),
            Step("Verificados en S3", self.en_s3, self.archivos),
        ]


def to_html(report: Verification, durations: Mapping[str, float] | None = None) -> str:
    """The page, complete in itself: no script, no outside file.

    durations: seconds by step of the run that makes the page.
    """
    return render("verification.html", r=report, durations=dict(durations or {}))


def to_json(report: Verification) -> str:
    """The same numbers for machines."""
    document = asdict(report) | {"completo": report.completo}
    return json.dumps(document, ensure_ascii=False, indent=2, default=date.isoformat) + "\n"
