"""Dagster: its storage, the daemon's parts by their heartbeats, and the web server."""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import requests
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import SQLAlchemyError

from ov_assets.operations.doctor.diagnosis import Area, Diagnosis
from ov_assets.operations.graphql import NO_PROXY, SILENT_AFTER_SECONDS
from ov_assets.settings import Settings

AREA = Area("Dagster")
STORAGE, DAEMON, WEBSERVER = "almacenamiento", "demonio", "servidor web"
ANSWER_TIMEOUT_SECONDS = 10
START_MEND = "Arránquelo: `ov up`, o el servicio de `dagster-daemon`. Sin él no corre nada por sí solo."


def look() -> Iterator[Diagnosis]:
    yield from _instance()
    yield _webserver()


def _instance() -> Iterator[Diagnosis]:
    try:
        with dg.DagsterInstance.get() as instance:
            required = sorted(instance.get_required_daemon_types())
            beats = instance.get_daemon_heartbeats()
    except (DagsterPostgresException, SQLAlchemyError, dg.DagsterInvariantViolationError) as error:
        yield AREA.bad(
            STORAGE,
            type(error).__name__,
            "Revise DAGSTER_PG_HOST, _PORT, _DB, _USERNAME y _PASSWORD, y que esa base esté encendida.",
        )
        yield AREA.unseen(DAEMON, "sus latidos están en el almacenamiento")
        return
    yield AREA.good(STORAGE, f"DAGSTER_HOME={os.environ['DAGSTER_HOME']}")
    yield _daemon(required, beats)


def _daemon(required: list[str], beats: Mapping[str, Any]) -> Diagnosis:
    now = time.time()
    ages = {kind: now - beats[kind].timestamp for kind in required if kind in beats}
    silent = [kind for kind in required if ages.get(kind, SILENT_AFTER_SECONDS) >= SILENT_AFTER_SECONDS]
    if not ages:
        return AREA.bad(DAEMON, "nunca ha latido", START_MEND)
    if len(silent) == len(required):
        return AREA.bad(DAEMON, f"su último latido fue hace {min(ages.values()) / 60:.0f} min", START_MEND)
    failing = [kind for kind in required if kind not in silent and beats[kind].errors]
    if silent or failing:
        said = [*(f"{kind} callado" for kind in silent), *(f"{kind} con errores" for kind in failing)]
        return AREA.bad(DAEMON, ", ".join(said), "Mire *Deployment → Daemons* y su log; reinicie el demonio.")
    return AREA.good(DAEMON, f"laten sus {len(required)} partes")


def _webserver() -> Diagnosis:
    url = Settings().dagster_webserver_url.rstrip("/")
    try:
        answer = requests.get(f"{url}/server_info", timeout=ANSWER_TIMEOUT_SECONDS, proxies=NO_PROXY)
        answer.raise_for_status()
    except requests.RequestException as error:
        return AREA.bad(
            WEBSERVER,
            f"{url}: {type(error).__name__}",
            "Arránquelo (`ov up`, o el servicio de `dagster-webserver`), o corrija DAGSTER_WEBSERVER_URL.",
        )
    return AREA.good(WEBSERVER, url)
