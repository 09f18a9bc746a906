"""Whether the fields of a day are as full as those of the company's last days. It warns; it never blocks."""

from collections.abc import Iterable, Mapping
from statistics import median

import dagster as dg

from ov_assets.assets.portal_runs import COVERAGE_PREFIX
from ov_assets.assets.pqr_captures import pqr_captures
from ov_assets.days import company_day
from ov_assets.partitions import company_date

RECORDS_READ = 200
DAYS_COMPARED = 14
DAYS_MIN = 3
DROP_MAX = 0.25
PQR_MIN = 20  # of fewer, a field may be empty in many by chance: at six in the morning a day has two or three


def coverage_of(metadata: Mapping[str, dg.MetadataValue]) -> dict[str, float]:
    """The shares by field in the metadata of one materialization; nothing if they are of few PQR."""
    count = metadata.get("dagster/partition_row_count")
    if count is None or int(count.value) < PQR_MIN:  # type: ignore[arg-type]
        return {}
    return {
        name.removeprefix(COVERAGE_PREFIX): float(value.value)
        for name, value in metadata.items()
        if name.startswith(COVERAGE_PREFIX) and isinstance(value.value, (int, float))
    }


def fallen(now: Mapping[str, float], before: Iterable[Mapping[str, float]]) -> dict[str, str]:
    """The fields that say much less often something than the median of the days before."""
    history = list(before)[:DAYS_COMPARED]
    if len(history) < DAYS_MIN:
        return {}
    found = {}
    for name, share in now.items():
        usual = median(day.get(name, 0.0) for day in history)
        if share < usual - DROP_MAX:
            found[name] = f"{share:.0%}, antes {usual:.0%}"
    return found


@dg.asset_check(asset=pqr_captures, partitions_def=company_date)
def fields_as_full_as_before(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Cada campo está lleno tan seguido como en los últimos días de la empresa; si no, la página cambió."""
    partition = company_day(context.partition_key)
    records = context.instance.fetch_materializations(pqr_captures.key, limit=RECORDS_READ).records
    now: dict[str, float] = {}
    days: dict[str, dict[str, float]] = {}
    for record in records:
        materialization = record.asset_materialization
        if materialization is None or record.partition_key is None:
            continue
        key = str(record.partition_key)
        if company_day(key).company != partition.company or not (
            shares := coverage_of(materialization.metadata)
        ):
            continue
        if key == str(partition):
            now = now or shares
        else:
            days.setdefault(key, shares)
    problems = fallen(now, days.values())
    told = "; ".join(f"{name}: {why}" for name, why in problems.items())
    return dg.AssetCheckResult(
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description=told or f"{len(now)} fields as before, {min(len(days), DAYS_COMPARED)} days compared",
        metadata={
            "dias_comparados": min(len(days), DAYS_COMPARED),
            "caidos": dg.MetadataValue.json(problems),
        },
    )
