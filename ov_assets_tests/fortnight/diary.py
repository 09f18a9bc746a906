"""What happened, read from Dagster's tables and the mailbox: runs, what they did, ticks, messages."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import TickStatus

from ov_assets.runs import INCOMPLETE_TAG
from ov_assets.timezone import BOGOTA

Message = tuple[datetime, str]
# What a run brought about, by its materializations' metadata.
DEEDS = ("nuevas", "cambiadas", "capturadas_ahora", "insertadas", "actualizadas", "subidos_ahora")


@dataclass(frozen=True)
class Run:
    """A finished run. good: it ended, with all that was listed. deeds: what it brought about; without any, a
    good one was for nothing.
    """

    id: str
    job: str
    partition: str
    trigger: str
    good: bool
    began: datetime
    deeds: Counter[str] = field(default_factory=Counter)

    @property
    def for_nothing(self) -> bool:
        return self.good and not self.deeds.total()


def runs_of(instance: dg.DagsterInstance) -> list[Run]:
    """In the order in which they began."""
    found = []
    for record in instance.get_run_records():
        run = record.dagster_run
        events = instance.get_records_for_run(
            run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
        ).records
        deeds: Counter[str] = Counter()
        for event in events:
            materialization = event.asset_materialization
            assert materialization is not None
            for name in DEEDS:
                if name in materialization.metadata:
                    deeds[name] += int(materialization.metadata[name].value)
        began = datetime.fromtimestamp(record.start_time or 0, BOGOTA)
        good = run.status is dg.DagsterRunStatus.SUCCESS and INCOMPLETE_TAG not in run.tags
        tags = run.tags
        found.append(
            Run(
                run.run_id,
                run.job_name,
                tags.get("dagster/partition", ""),
                tags.get("ov/trigger", ""),
                good,
                began,
                deeds,
            )
        )
    return sorted(found, key=lambda run: run.began)


def failed_ticks(instance: dg.DagsterInstance) -> list[str]:
    """Name, time and error of each tick that failed."""
    return [
        f"{state.instigator_name} {datetime.fromtimestamp(tick.timestamp, BOGOTA)}: {tick.error}"
        for state in instance.all_instigator_state()
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
        if tick.status is TickStatus.FAILURE
    ]


def most_in_an_hour(runs: Iterable[Run]) -> dict[tuple[str, str], int]:
    """By job and partition: the most of these runs that began within one hour of the clock."""
    hours = Counter(
        (run.job, run.partition, run.began.replace(minute=0, second=0, microsecond=0)) for run in runs
    )
    found: dict[tuple[str, str], int] = {}
    for (job, partition, _), count in hours.items():
        found[job, partition] = max(count, found.get((job, partition), 0))
    return found


def table(runs: list[Run], messages: list[Message], finished: dict[date, Any]) -> str:
    """A line a day. finished: PQR that were finished on the portals on a day."""
    lines = [
        f"{'day':11}{'finished':>9}{'list':>6}{'chain':>6}{'s3':>5}{'failed':>7}{'idle':>6}"
        f"{'captured':>9}{'uploaded':>9}  messages"
    ]
    days = sorted({run.began.date() for run in runs} | {at.date() for at, _ in messages} | set(finished))
    for day in days:
        mine = [run for run in runs if run.began.date() == day]
        jobs = Counter(run.job for run in mine)
        deeds = sum((run.deeds for run in mine), Counter())
        told = Counter(title for at, title in messages if at.date() == day)
        lines.append(
            f"{day:%a %d %b} {finished.get(day, 0):>9}{jobs['ov_listing_job']:>6}{jobs['ov_chain_job']:>6}"
            f"{jobs['ov_s3_job']:>5}{sum(not run.good for run in mine):>7}"
            f"{sum(run.for_nothing for run in mine):>6}{deeds['capturadas_ahora']:>9}"
            f"{deeds['subidos_ahora']:>9}  "
            + "; ".join(title if count == 1 else f"{count} × {title}" for title, count in told.items())
        )
    return "\n".join(lines)
