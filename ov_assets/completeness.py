"""Whether a company's day is whole: the portal was asked after it ended, and all that it lists has arrived.

A day without PQR and a day on which nobody asked look alike in the other tables. So the question to the
portal is part of the answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import psycopg

from ov_assets.companies import COMPANIES
from ov_assets.days import FIRST_DAY, CompanyDay
from ov_assets.rds.asked import days_asked
from ov_assets.rds.status import DayStatus, status
from ov_assets.s3.keys import safe_radicado
from ov_assets.timezone import BOGOTA

NAMED_MAX = 5


@dataclass(frozen=True, slots=True)
class Wholeness:
    """One company and day. consultado: when the portal was last asked. faltas: why the day isn't whole."""

    estado: DayStatus
    consultado: datetime | None
    faltas: tuple[str, ...]

    @property
    def completo(self) -> bool:
        return not self.faltas

    @property
    def empresa(self) -> str:
        return self.estado.empresa


def end_of(day: date) -> datetime:
    """The midnight in Bogotá that ends a day."""
    return datetime.combine(day + timedelta(days=1), time(), BOGOTA)


def judge(
    day: DayStatus, asked_at: datetime | None, uncaptured: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """What keeps a day from being whole, in words for an operator; empty when it is.

    asked_at: when the last look at its list began. uncaptured: fault by radicado, of what that look showed.
    """
    faults = []
    if asked_at is None:
        faults.append("nadie ha consultado el portal")
    elif asked_at < end_of(day.fecha):
        faults.append("el portal no se ha consultado desde que terminó el día")
    if uncaptured:
        faults.append(f"{len(uncaptured)} PQR sin capturar: {_named(uncaptured)}")
    if day.faltantes:
        lacking = {radicado: ", ".join(map(str, files)) for radicado, files in day.faltantes.items()}
        faults.append(f"{len(lacking)} PQR sin algún adjunto, que el portal no entrega: {_named(lacking)}")
    if day.sin_cargar:
        faults.append(f"{day.sin_cargar} PQR listadas sin cargar")
    if day.rechazadas:
        faults.append(f"{day.rechazadas} en cuarentena")
    if day.pendientes:
        faults.append(f"{day.pendientes} archivos sin verificar en S3")
    return tuple(faults)


def _named(uncaptured: Mapping[str, str]) -> str:
    # What people type into that field by mistake may be personal; digits are not.
    told = [f"{safe_radicado(radicado)} ({cause})" for radicado, cause in sorted(uncaptured.items())]
    more = f" y {len(told) - NAMED_MAX} más" if len(told) > NAMED_MAX else ""
    return ", ".join(told[:NAMED_MAX]) + more


def not_asked(
    connection: psycopg.Connection, first: date, last: date, companies: Iterable[str] = tuple(COMPANIES)
) -> set[CompanyDay]:
    """The days of `first` to `last` that the portal hasn't been asked about since they ended.

    Those before the first of them that it was asked about are no gap: nobody had begun yet. Raises RdsError.
    """
    return {
        CompanyDay(day.empresa, day.fecha)
        for day in days_asked(connection, companies, first, last)
        if day.mirado_en is None or day.mirado_en < end_of(day.fecha)
    }


def of_days(
    connection: psycopg.Connection, bucket: str, company: str, first: date, last: date
) -> list[Wholeness]:
    """Each day from the last to the first. Raises RdsError."""
    first = max(first, FIRST_DAY)
    asked = {day.fecha: day for day in days_asked(connection, [company], first, last)}
    found = []
    for counts in reversed(status(connection, company, first, last, bucket)):
        day = asked.get(counts.fecha)
        at, uncaptured = (day.mirado_en, day.sin_capturar) if day else (None, {})
        found.append(Wholeness(counts, at, judge(counts, at, uncaptured)))
    return found


def of_all(
    connection: psycopg.Connection, bucket: str, day: date, companies: Iterable[str] = tuple(COMPANIES)
) -> list[Wholeness]:
    """One day of every company. Raises RdsError."""
    return [whole for company in companies for whole in of_days(connection, bucket, company, day, day)]
