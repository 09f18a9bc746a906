"""The summary of one day for all companies, and of the days before it that aren't whole."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date

from ov_assets.report.pages import render
from ov_assets.report.verification import Step, TrendDay


@dataclass(frozen=True, slots=True)
class CompanySummary:
    """One company's day. faltas: why it isn't whole. incompletos: earlier days that aren't, of the trend."""

    empresa: str
    nombre_empresa: str
    listadas: int
    en_rds: int
    rechazadas: int
    archivos: int
    en_s3: int
    faltas: list[str] = field(default_factory=list)
    tendencia: list[TrendDay] = field(default_factory=list)

    @property
    def completo(self) -> bool:
        return not self.faltas

    @property
    def pasos(self) -> list[Step]:
        return [
            Step("Listadas en el portal", self.listadas, self.listadas),
            Step("En RDS", self.en_rds, self.listadas),
            Step("En cuarentena", self.rechazadas, 0),
            Step("Archivos", self.archivos, self.archivos),
            Step("Verificados en S3", self.en_s3, self.archivos),
        ]

    @property
    def atrasados(self) -> list[TrendDay]:
        """Days of the trend whose listed PQR aren't all whole in S3; the day itself is told apart."""
        return [day for day in self.tendencia[:-1] if day.verificadas < day.listadas]


@dataclass(frozen=True, slots=True)
class Summary:
    """One day of every company."""

    fecha: date
    empresas: list[CompanySummary]

    @property
    def completo(self) -> bool:
        return all(company.completo for company in self.empresas)

    @property
    def pasos(self) -> list[Step]:
        """The companies' numbers added up."""
        return [
            Step(steps[0].nombre, sum(s.cuenta for s in steps), sum(s.esperado for s in steps))
            for steps in zip(*(company.pasos for company in self.empresas), strict=True)
        ]

    @property
    def tendencia(self) -> list[TrendDay]:
        return [
            TrendDay(
                days[0].fecha,
                sum(day.listadas for day in days),
                sum(day.en_rds for day in days),
                sum(day.verificadas for day in days),
            )
            for days in zip(*(company.tendencia for company in self.empresas), strict=True)
        ]


def to_html(summary: Summary) -> str:
    """The page, complete in itself: no script, no outside file."""
    return render("summary.html", s=summary)


def to_json(summary: Summary) -> str:
    """The same numbers for machines."""
    document = asdict(summary) | {"completo": summary.completo}
    return json.dumps(document, ensure_ascii=False, indent=2, default=date.isoformat) + "\n"
