"""From what happened to the ledger: finished runs, states that people have to settle, and the morning."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import psycopg

from ov_assets import completeness
from ov_assets.alerts.events import Conflicts, Digest, Event, Lost, NotWhole, Quarantine
from ov_assets.alerts.runs import news_of, read_run
from ov_assets.alerts.wording import (
    DAY_PREFIX,
    REPORT,
    RUN_PREFIX,
    STATE_PREFIXES,
    WARNING,
    alert_of,
    company_name,
    key,
)
from ov_assets.companies import COMPANIES
from ov_assets.rds.alert_ledger import (
    NewAlert,
    OpenAlert,
    ToSettle,
    close_alerts,
    open_alerts,
    raise_alerts,
    to_settle,
)

ENDS = (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS)
RUNS_PER_TICK = 100
FIRST_LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to which event the runs have been read, by kind of event.

    since: a timestamp, for the kinds of which no event was seen yet. It stays where it is: were it counted
    back from each tick, the first failure ever would be lost if the sensor was down when it came.
    """

    seen: dict[str, int]
    since: float

    @classmethod
    def of(cls, text: str | None) -> "Cursor":
        seen = json.loads(text) if text else {}
        first_look = (datetime.now(UTC) - FIRST_LOOK_BACK).timestamp()
        return cls(since=seen.pop("since", first_look), seen=seen)

    def to_json(self) -> str:
        return json.dumps({**self.seen, "since": self.since}, sort_keys=True)


def note_runs(
    instance: dg.DagsterInstance, connection: psycopg.Connection, cursor: Cursor, ui_url: str
) -> tuple[int, Cursor]:
    """Put the news of the runs that ended since `cursor` into the ledger; (runs read, the new cursor).

    The oldest first, so that a recovery comes after the failure that it ends. Raises RdsError.
    """
    ended: list[tuple[int, str, str]] = []
    horizon = math.inf  # what comes after a full page of either kind waits, to keep the order
    for kind in ENDS:
        after = cursor.seen.get(kind.value)
        records = instance.fetch_run_status_changes(
            dg.RunStatusChangeRecordsFilter(
                event_type=kind,  # type: ignore[arg-type]  # ENDS holds such kinds only
                after_storage_id=after,
                after_timestamp=None if after else cursor.since,
            ),
            limit=RUNS_PER_TICK,
            ascending=True,
        ).records
        if len(records) == RUNS_PER_TICK:
            horizon = min(horizon, records[-1].storage_id)
        ended += [(record.storage_id, kind.value, record.event_log_entry.run_id) for record in records]
    seen, ended = dict(cursor.seen), sorted(item for item in ended if item[0] <= horizon)
    for storage_id, kind_name, run_id in ended:
        run = instance.get_run_by_id(run_id)
        outcome = read_run(instance, run) if run else None
        if outcome:
            events, recovered = news_of(outcome)
            close_alerts(connection, recovered)
            raise_alerts(connection, [alert_of(event, ui_url) for event in events])
        seen[kind_name] = storage_id
    return len(ended), Cursor(seen, cursor.since)


def note_states(connection: psycopg.Connection, threshold: int, ui_url: str) -> None:
    """Open and close the alerts on conflicts, quarantine and lost objects; leave those that stand.

    They go by what is on record, whoever found it. Raises RdsError.
    """
    found = to_settle(connection)
    wanted: dict[str, NewAlert] = {}
    for slug in COMPANIES:
        conflicts, rows, lost = found.get(slug, ToSettle())
        events: list[Event] = [Conflicts(slug, conflicts)] if conflicts else []
        events += [Quarantine(slug, rows, threshold)] if rows > threshold else []
        events += [Lost(slug, lost)] if lost else []
        wanted |= {alert.clave: alert for alert in (alert_of(event, ui_url) for event in events)}
    standing = {alert.clave: alert for alert in open_alerts(connection)}
    every_key = [key(kind, slug) for kind in STATE_PREFIXES for slug in COMPANIES]
    close_alerts(connection, [name for name in every_key if name in standing and name not in wanted])
    raise_alerts(
        connection,
        [a for name, a in wanted.items() if name not in standing or standing[name].titulo != a.titulo],
    )


def close_whole_days(connection: psycopg.Connection, bucket: str) -> None:
    """Close the alerts on days that have become whole since. Raises RdsError."""
    for alert in open_alerts(connection):
        if alert.clase == "dia" and alert.empresa and alert.fecha:
            (day,) = completeness.of_all(connection, bucket, alert.fecha, [alert.empresa])
            if day.completo:
                close_alerts(connection, [alert.clave])


def note_morning(connection: psycopg.Connection, bucket: str, yesterday: date, ui_url: str) -> None:
    """An alert for each company whose yesterday isn't whole, and the morning's digest. Raises RdsError."""
    days = completeness.of_all(connection, bucket, yesterday)
    late = [NotWhole(day.empresa, yesterday, "; ".join(day.faltas)) for day in days if not day.completo]
    raise_alerts(connection, [alert_of(event, ui_url) for event in late])
    close_alerts(connection, [key(DAY_PREFIX, day.empresa, yesterday) for day in days if day.completo])
    lines = tuple(
        f"{company_name(day.empresa)}: {'completo' if day.completo else 'INCOMPLETO'} — "
        f"{day.estado.listadas} PQR listadas, {day.estado.filas} en RDS, "
        f"{day.estado.subidos} de {day.estado.archivos} archivos verificados en S3"
        + (f" ({'; '.join(day.faltas)})" if day.faltas else "")
        for day in days
    )
    over = [alert.clave for alert in open_alerts(connection) if is_over(alert, yesterday)]
    close_alerts(connection, over, quietly=True)
    still = tuple(alert.titulo for alert in open_alerts(connection) if alert.gravedad != REPORT)
    digest = Digest(yesterday, all(day.completo for day in days), lines, still)
    raise_alerts(connection, [alert_of(digest, ui_url)])


def is_over(alert: OpenAlert, yesterday: date) -> bool:
    """Whether it tells of a morning that is past: nothing looks at that one again, so nothing would close it.

    It isn't resolved, so nobody is told that it were.
    """
    if alert.gravedad == REPORT:  # one that nobody could be sent is stale by the next one
        return alert.fecha != yesterday
    if alert.fecha is None or alert.fecha >= yesterday:
        return False
    hint = alert.clase == "control" and alert.gravedad == WARNING
    return hint or alert.clave.startswith(key(RUN_PREFIX, None, alert.fecha, ""))  # the summary of a day
