"""Whether a company's day is whole: the portal was asked after it ended, and all that it lists has arrived.

A day without PQR and a day on which nobody asked look alike in the tables. So the question to the portal is
part of the answer, and the tables alone never make a day whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import dagster as dg
import psycopg

from ov_assets.companies import COMPANIES
from ov_assets.partitions import FIRST_DAY, CompanyDay, company_day
from ov_assets.rds.status import DayStatus, status
from ov_assets.timezone import BOGOTA

ASKS_THE_PORTAL = dg.AssetKey("pqr_captures")
LOOKED_AT = "mirado_en"


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


def judge(day: DayStatus, asked_at: datetime | None) -> tuple[str, ...]:
    """What keeps a day from being whole, in words for an operator; empty when it is."""
    faults = []
    if asked_at is None:
        faults.append("nadie ha consultado el portal")
    elif asked_at < end_of(day.fecha):
        faults.append("el portal no se ha consultado desde que terminó el día")
    if day.sin_cargar:
        faults.append(f"{day.sin_cargar} PQR listadas sin cargar")
    if day.rechazadas:
        faults.append(f"{day.rechazadas} en cuarentena")
    if day.pendientes:
        faults.append(f"{day.pendientes} archivos sin verificar en S3")
    return tuple(faults)


def _asked_at(record: dg.EventLogRecord) -> datetime:
    """When the last look at the list began: what it showed may have taken long to capture."""
    assert record.asset_materialization is not None
    looked_at = record.asset_materialization.metadata.get(LOOKED_AT)
    return datetime.fromtimestamp(float(looked_at.value) if looked_at else record.timestamp, UTC)  # type: ignore[arg-type]


def last_asked(instance: dg.DagsterInstance, partition: CompanyDay) -> datetime | None:
    """When `pqr_captures` of this partition last looked, if it succeeded."""
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=ASKS_THE_PORTAL, asset_partitions=[partition.key]), limit=1
    ).records
    return _asked_at(found[0]) if found else None


def not_asked(
    instance: dg.DagsterInstance, first: date, last: date, companies: Iterable[str] = tuple(COMPANIES)
) -> set[CompanyDay]:
    """The days of `first` to `last` that the portal hasn't been asked about since they ended.

    Those before the first one that it was ever asked about are no gap: nobody had begun yet.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    wanted = [CompanyDay(company, day) for company in companies for day in days]
    latest = instance.get_latest_storage_id_by_partition(
        ASKS_THE_PORTAL, dg.DagsterEventType.ASSET_MATERIALIZATION, {str(partition) for partition in wanted}
    )
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=ASKS_THE_PORTAL, storage_ids=list(latest.values())),
        limit=max(1, len(latest)),
    ).records
    asked = {
        company_day(str(record.partition_key)): _asked_at(record)
        for record in records
        if record.partition_key in latest
    }
    begun: dict[str, date] = {}
    for company, day in sorted(asked):
        begun.setdefault(company, day)
    return {
        partition
        for partition in wanted
        if partition.company in begun
        and partition.day >= begun[partition.company]
        and (partition not in asked or asked[partition] < end_of(partition.day))
    }


def of_days(
    instance: dg.DagsterInstance,
    connection: psycopg.Connection,
    bucket: str,
    company: str,
    first: date,
    last: date,
) -> Iterator[Wholeness]:
    """Each day from the last to the first, looked at one by one as the caller goes on. Raises RdsError."""
    for counts in reversed(status(connection, company, max(first, FIRST_DAY), last, bucket)):
        asked_at = last_asked(instance, CompanyDay(company, counts.fecha))
        yield Wholeness(counts, asked_at, judge(counts, asked_at))


def of_all(
    instance: dg.DagsterInstance,
    connection: psycopg.Connection,
    bucket: str,
    day: date,
    companies: Iterable[str] = tuple(COMPANIES),
) -> list[Wholeness]:
    """One day of every company. Raises RdsError."""
    return [next(of_days(instance, connection, bucket, company, day, day)) for company in companies]
