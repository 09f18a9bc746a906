"""Checks of a whole day over all companies, made each morning. None blocks: they tell, people decide."""

from datetime import UTC, date, datetime, timedelta
from statistics import median

import dagster as dg

from ov_assets import completeness
from ov_assets.assets.daily_summary import daily_summary
from ov_assets.companies import COMPANIES
from ov_assets.days import today
from ov_assets.partitions import daily_partitions
from ov_assets.rds import reporting
from ov_assets.resources import Database, ObjectStore

WEEKS = 8
WEEKS_MIN = 4
BACKLOG_MAX = timedelta(hours=24)
COMPANIES_KEY = "empresas"  # metadata: what is wrong, by company; alerts are made of it


def unusual(count: int, history: list[int]) -> str | None:
    """Say so if a day's number lies far outside of its weekday's history: below half the least, above
    twice the most. Weeks without a PQR are left out: nobody was looking then."""
    known = [past for past in history if past]
    if len(known) < WEEKS_MIN:
        return None
    if count < min(known) / 2:
        return f"{count} PQR: muy pocas; en ese día de la semana son {min(known)} a {max(known)}"
    if count > max(known) * 2:
        return f"{count} PQR: muchas; en ese día de la semana son {min(known)} a {max(known)}"
    return None


def _result(
    problems: dict[str, str], severity: dg.AssetCheckSeverity, good: str, **metadata: dg.MetadataValue
) -> dg.AssetCheckResult:
    told = "; ".join(f"{COMPANIES[slug].name}: {why}" for slug, why in problems.items())
    return dg.AssetCheckResult(
        passed=not problems,
        severity=severity,
        description=told or good,
        metadata={COMPANIES_KEY: dg.MetadataValue.json(problems), **metadata},
    )


# ERROR: it is the promise of the whole flow. Without partitions: it always asks about the latest whole day.
@dg.asset_check(asset=daily_summary)
def every_company_complete_yesterday(database: Database, store: ObjectStore) -> dg.AssetCheckResult:
    """Ayer está completo para cada empresa: el portal se consultó al terminar el día, y todo llegó a S3."""
    yesterday = today() - timedelta(days=1)
    with database.connect() as connection:
        days = completeness.of_all(connection, store.bucket_name, yesterday)
    problems = {day.empresa: "; ".join(day.faltas) for day in days if not day.completo}
    return _result(
        problems,
        dg.AssetCheckSeverity.ERROR,
        f"{yesterday}: completo",
        fecha=dg.MetadataValue.text(yesterday.isoformat()),
    )


# WARN: an unusual day is a reason to look, not a fault.
@dg.asset_check(asset=daily_summary, partitions_def=daily_partitions)
def volume_like_its_weekday(
    context: dg.AssetCheckExecutionContext, database: Database
) -> dg.AssetCheckResult:
    """El número de PQR de cada empresa se parece al del mismo día de las últimas ocho semanas."""
    day = date.fromisoformat(context.partition_key)
    counts: dict[str, list[int]] = {}
    with database.connect() as connection:
        for slug in COMPANIES:
            counts[slug] = reporting.same_weekday(connection, slug, day, WEEKS)
    problems = {slug: why for slug, (count, *past) in counts.items() if (why := unusual(count, past))}
    return _result(
        problems,
        dg.AssetCheckSeverity.WARN,
        "; ".join(f"{slug}: {count} (mediana {median(past):g})" for slug, (count, *past) in counts.items()),
        fecha=dg.MetadataValue.text(day.isoformat()),
    )


# ERROR: whatever the sensors do by themselves they have done within a day.
@dg.asset_check(asset=daily_summary)
def backlog_is_young(database: Database, store: ObjectStore) -> dg.AssetCheckResult:
    """Nada lleva más de 24 horas pendiente: ni PQR listadas sin cargar, ni archivos sin verificar en S3."""
    now = datetime.now(UTC)
    with database.connect() as connection:
        found = {slug: reporting.backlog(connection, slug, store.bucket_name) for slug in COMPANIES}
    problems = {
        slug: f"{late.pqr} PQR y {late.archivos} archivos pendientes; el más antiguo, desde hace "
        f"{late.age(now).total_seconds() / 3600:.0f} h"
        for slug, late in found.items()
        if late.age(now) > BACKLOG_MAX
    }
    return _result(problems, dg.AssetCheckSeverity.ERROR, "nada lleva más de 24 horas pendiente")


DAILY_CHECKS = [every_company_complete_yesterday, volume_like_its_weekday, backlog_is_young]
