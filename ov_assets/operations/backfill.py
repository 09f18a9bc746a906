"""Ask Dagster for the chain of many partitions at once, and follow what becomes of them."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ov_assets.days import CompanyDay
from ov_assets.operations.graphql import SILENT_AFTER_SECONDS, DagsterApi, DagsterApiError

POLL_SECONDS = 2.0
# A company has one run at a time: what the schedules and sensors ask for goes before a month of old days.
TAGS = {"ov/trigger": "ov backfill", "dagster/priority": "-10"}
DAEMONS = ("BACKFILL", "QUEUED_RUN_COORDINATOR")
SUCCEEDED = "COMPLETED_SUCCESS"
ENDED = {SUCCEEDED, "COMPLETED_FAILED", "COMPLETED", "FAILED", "CANCELED"}
RUN_SUCCEEDED = "SUCCESS"

HEARTBEATS = "{ instance { daemonHealth { allDaemonStatuses { daemonType lastHeartbeatTime } } } }"
LAUNCH = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename
  ... on LaunchBackfillSuccess { backfillId }
  ... on PythonError { message }
  ... on PartitionKeysNotFoundError { message }
  ... on UnauthorizedError { message } } }"""
STATE = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  __typename
  ... on PartitionBackfill { status error { message } assetBackfillData { assetBackfillStatuses {
    ... on AssetPartitionsStatusCounts {
      assetKey { path } numPartitionsTargeted numPartitionsMaterialized numPartitionsFailed } } } } } }"""
RUNS = """query($tags: [ExecutionTag!], $cursor: String) {
  runsOrError(filter: {tags: $tags}, limit: 500, cursor: $cursor) {
    ... on Runs { results { runId status tags { key value } } } } }"""


class NoDaemonError(Exception):
    """Nobody is there to work a backfill off."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a backfill is. counts: asset, partitions done or failed, partitions in all; as the chain goes."""

    status: str
    error: str | None
    counts: tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class Outcome:
    """What became of a backfill; `--json` prints exactly this. failed: partitions with the run to look at."""

    backfill: str
    url: str
    partitions: int
    status: str = "REQUESTED"
    failed: dict[str, str] = field(default_factory=dict)
    error: str | None = None


def partitions_of(companies: Iterable[str], first: date, last: date) -> list[CompanyDay]:
    """Every company on every day from `first` to `last`, both included; the oldest day first."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [CompanyDay(company, day) for day in days for company in dict.fromkeys(companies)]


def require_daemon(api: DagsterApi) -> None:
    """Raises NoDaemonError unless the daemons that a backfill needs have told lately that they live."""
    health = api.ask(HEARTBEATS)["instance"]["daemonHealth"]["allDaemonStatuses"]
    beats = {daemon["daemonType"]: daemon["lastHeartbeatTime"] or 0 for daemon in health}
    silent = [kind for kind in DAEMONS if time.time() - beats.get(kind, 0) > SILENT_AFTER_SECONDS]
    if silent:
        raise NoDaemonError(
            f"no Dagster daemon is running ({', '.join(silent)}): start `ov up`, or `dagster-daemon run`"
        )


def launch(api: DagsterApi, assets: Sequence[str], partitions: Sequence[CompanyDay]) -> str:
    """The id of a new backfill of these assets. Raises DagsterApiError."""
    params = {
        "assetSelection": [{"path": [asset]} for asset in assets],
        "partitionNames": [str(partition) for partition in partitions],
        "tags": [{"key": key, "value": value} for key, value in TAGS.items()],
        "title": f"ov backfill: {partitions[0]} – {partitions[-1]}",
    }
    launched = api.ask(LAUNCH, params=params)["launchPartitionBackfill"]
    if launched["__typename"] != "LaunchBackfillSuccess":
        raise DagsterApiError(f"{launched['__typename']}: {launched.get('message', 'refused')}")
    return str(launched["backfillId"])


def follow(api: DagsterApi, backfill: str) -> Iterator[Progress]:
    """Where it is, now and then, until it has ended. Raises NoDaemonError if the daemon dies on the way."""
    while True:
        progress = _look(api, backfill)
        yield progress
        if progress.status in ENDED:
            return
        require_daemon(api)
        time.sleep(POLL_SECONDS)


def _look(api: DagsterApi, backfill: str) -> Progress:
    found = api.ask(STATE, id=backfill)["partitionBackfillOrError"]
    if found["__typename"] != "PartitionBackfill":
        raise DagsterApiError(f"{found['__typename']}: {backfill}")
    data = found["assetBackfillData"] or {"assetBackfillStatuses": []}
    counts = tuple(
        (
            "/".join(asset["assetKey"]["path"]),
            asset["numPartitionsMaterialized"] + asset["numPartitionsFailed"],
            asset["numPartitionsTargeted"],
        )
        for asset in data["assetBackfillStatuses"]
    )
    return Progress(found["status"], (found["error"] or {}).get("message"), counts)


def failed_partitions(api: DagsterApi, backfill: str) -> dict[str, str]:
    """The partitions whose last run didn't succeed, each with the address of that run."""
    last: dict[str, dict[str, Any]] = {}
    cursor, tags = None, [{"key": "dagster/backfill", "value": backfill}]
    while page := api.ask(RUNS, tags=tags, cursor=cursor)["runsOrError"]["results"]:
        for run in page:  # the newest first
            partition = {tag["key"]: tag["value"] for tag in run["tags"]}.get("dagster/partition", "")
            last.setdefault(partition, run)
        cursor = page[-1]["runId"]
    return {
        partition: f"{api.url}/runs/{run['runId']}"
        for partition, run in sorted(last.items())
        if run["status"] != RUN_SUCCEEDED
    }
