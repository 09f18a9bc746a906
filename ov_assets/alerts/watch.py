"""From what happened to the ledger: finished runs, states that people have to settle, and the morning."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import psycopg

from ov_assets import wholeness
from ov_assets.alerts.events import Conflicts, Digest, Event, NotWhole, Quarantine
from ov_assets.alerts.runs import news_of, read_run
from ov_assets.alerts.wording import DAY_PREFIX, REPORT, alert_of, company_name, key
from ov_assets.companies import COMPANIES
from ov_assets.rds.alert_ledger import close_alerts, open_alerts, raise_alerts, to_settle

ENDS = (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS)
RUNS_PER_TICK = 100
FIRST_LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to which event the runs have been read, by kind of event."""

    seen: dict[str, int]

    @classmethod
    def of(cls, text: str | None) -> "Cursor":
        return cls(json.loads(text) if text else {})

    def to_json(self) -> str:
        return json.dumps(self.seen, sort_keys=True)


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
                event_type=kind,
                after_storage_id=after,
                after_timestamp=None if after else (datetime.now(UTC) - FIRST_LOOK_BACK).timestamp(),
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
    return len(ended), Cursor(seen)


def note_states(connection: psycopg.Connection, threshold: int, ui_url: str) -> None:
    """Open and close the alerts on conflicts and quarantine; leave those that stand. Raises RdsError."""
    found = to_settle(connection)
    wanted = {}
    for slug in COMPANIES:
        conflicts, rows = found.get(slug, (0, 0))
        events: list[Event] = [Conflicts(slug, conflicts)] if conflicts else []
        events += [Quarantine(slug, rows, threshold)] if rows > threshold else []
        wanted |= {alert.clave: alert for alert in (alert_of(event, ui_url) for event in events)}
    standing = {alert.clave: alert for alert in open_alerts(connection)}
    every_key = [key(kind, slug) for kind in ("conflictos", "cuarentena") for slug in COMPANIES]
    close_alerts(connection, [name for name in every_key if name in standing and name not in wanted])
    raise_alerts(
        connection,
        [a for name, a in wanted.items() if name not in standing or standing[name].titulo != a.titulo],
    )


def close_whole_days(instance: dg.DagsterInstance, connection: psycopg.Connection) -> None:
    """Close the alerts on days that have become whole since. Raises RdsError."""
    for alert in open_alerts(connection):
        if alert.clase == "dia" and alert.empresa and alert.fecha:
            (day,) = wholeness.of_all(instance, connection, alert.fecha, [alert.empresa])
            if day.completo:
                close_alerts(connection, [alert.clave])


def note_morning(
    instance: dg.DagsterInstance, connection: psycopg.Connection, yesterday: date, ui_url: str
) -> None:
    """An alert for each company whose yesterday isn't whole, and the morning's digest. Raises RdsError."""
    days = wholeness.of_all(instance, connection, yesterday)
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
    standing = open_alerts(connection)
    # A digest that nobody could be sent is stale by the next one.
    close_alerts(connection, [a.clave for a in standing if a.gravedad == REPORT and a.fecha != yesterday])
    still = tuple(alert.titulo for alert in standing if alert.gravedad != REPORT)
    digest = Digest(yesterday, all(day.completo for day in days), lines, still)
    raise_alerts(connection, [alert_of(digest, ui_url)])
