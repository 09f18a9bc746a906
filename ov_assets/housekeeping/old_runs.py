"""Runs of Dagster that nobody needs any more: their events are what its tables grow by.

Deleting a run takes its materializations along, so of each job and partition the last success stays for ever:
the UI goes on showing what was done. Ticks are purged by Dagster itself (`retention` in dagster.yaml).
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from ov_assets.runs import ENDED, PARTITION_TAG

PAGE = 500


def superseded(instance: dg.DagsterInstance, days: int) -> list[str]:
    """Ids of ended runs older than the retention, but for each group's last success; none when it is 0."""
    if not days:
        return []
    before = datetime.now(UTC) - timedelta(days=days)
    settled: set[tuple[object, ...]] = set()
    old = []
    for record in _newest_first(instance):
        run = record.dagster_run
        group = (
            run.job_name,
            run.tags.get(PARTITION_TAG),
            frozenset(run.asset_selection or ()),
            frozenset(run.asset_check_selection or ()),
        )
        last_success = run.status is dg.DagsterRunStatus.SUCCESS and group not in settled
        if last_success:
            settled.add(group)
        elif record.create_timestamp.replace(tzinfo=UTC) < before:
            old.append(run.run_id)
    return old


def _newest_first(instance: dg.DagsterInstance) -> Iterator[dg.RunRecord]:
    cursor = None
    while True:
        page = instance.get_run_records(dg.RunsFilter(statuses=ENDED), limit=PAGE, cursor=cursor)
        yield from page
        if len(page) < PAGE:
            return
        cursor = page[-1].dagster_run.run_id


def delete(instance: dg.DagsterInstance, run_ids: list[str]) -> None:
    """Delete runs, their events and what they printed."""
    for run_id in run_ids:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
