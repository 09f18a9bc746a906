"""`ov doctor` on real parts: what is broken is red, with its mend; the rest stays as it is."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import time_machine
from dagster._daemon.types import DaemonHeartbeat

from ov_assets.operations.doctor import browser, bucket, clock, dagster_daemon, database, disk, portals
from ov_assets.operations.doctor.diagnosis import Diagnosis, State
from ov_assets.operations.doctor.examination import examine
from ov_assets.rds import migrate
from ov_assets.rds.connection import connect
from ov_assets.sandbox.dagster_stack import prepare_home
from ov_assets.settings import Settings
from ov_assets_tests.conftest import Portal

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def environment(flow: None, monkeypatch: pytest.MonkeyPatch, postgres_variables: dict[str, str]) -> None:
    """Everything named, Dagster's storage too; no `ov up` anywhere."""
    for name, value in postgres_variables.items():
        if name.startswith("DAGSTER_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(prepare_home(Settings())))
    monkeypatch.setenv("DAGSTER_WEBSERVER_URL", NOWHERE)


def red_ones(found: Iterable[Diagnosis]) -> list[Diagnosis]:
    """The reds; each has a mend, and nothing else has one."""
    found = list(found)
    assert found
    assert all((one.estado is State.MAL) == bool(one.remedio) for one in found)
    return [one for one in found if one.estado is State.MAL]


def red(found: Iterable[Diagnosis]) -> dict[str, Diagnosis]:
    """The reds of one area by what they are about."""
    return {one.cosa: one for one in red_ones(found)}


def states(found: Iterable[Diagnosis]) -> dict[str, str]:
    return {one.cosa: one.estado.value for one in found}


def test_with_every_part_down_each_says_so(portal: Portal, database: dict[str, Any], data_dir: Path) -> None:
    a_file = data_dir.parent / "a file"
    a_file.touch()
    down = {
        "RDS_PORT": "1",
        "S3_ENDPOINT_URL": NOWHERE,
        "OV_AFINIA_URL": NOWHERE,
        "OV_AIRE_PASSWORD": "",
        "DAGSTER_PG_PORT": "1",
        "OV_CHROMIUM": "/nowhere/chromium",
        "OV_DATA_DIR": str(a_file),
    }
    done = subprocess.run(
        [*OV, "doctor", "--json"], env=os.environ | down, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    found = [Diagnosis(**one | {"estado": State(one["estado"])}) for one in json.loads(done.stdout)]
    wrong: dict[str, list[str]] = {}
    for one in red_ones(found):
        wrong.setdefault(one.area, []).append(one.cosa)
    assert wrong == {
        "Portal Afinia": ["responde"],
        "Portal Air-e": ["configuración"],
        "Navegador": ["arranca"],
        "PostgreSQL": ["conecta"],
        "S3": ["crea"],
        "Disco": ["se puede escribir"],
        "Dagster": ["almacenamiento", "servidor web"],
    }
    said = {(one.area, one.cosa): one.estado.value for one in found}
    assert said["Reloj", "contra PostgreSQL"] == said["Reloj", "contra S3"] == "sin_mirar"
    assert said["Reloj", "hora de Bogotá"] == "bien"
    secrets = [database["password"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ["DAGSTER_PG_PASSWORD"]]
    secrets += [portal.username("aire"), portal.password("afinia")]
    assert [secret for secret in secrets if secret in done.stdout + done.stderr] == []


def test_an_area_that_breaks_hides_no_other_and_tells_no_text() -> None:
    def broken() -> Iterator[Diagnosis]:
        yield disk.AREA.good("antes")
        raise ValueError("Pérez, María; 3001234567")

    found = examine([(disk.AREA, broken), (clock.AREA, clock.look)])
    assert [one.cosa for one in found][:2] == ["antes", "la revisión misma"]
    assert "Pérez" not in str(found)
    assert states(found[2:]) == {
        "contra PostgreSQL": "bien",
        "contra S3": "bien",
        "hora de Bogotá": "bien",
    }


# ---- PostgreSQL


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("RDS_PASSWORD", "wrong-secret", "RDS_PASSWORD"),
        ("RDS_DATABASE", "nowhere", "RDS_DATABASE"),
        ("RDS_PORT", "1", "RDS_PORT"),
        ("RDS_SSL_MODE", "require", "RDS_SSL_MODE"),
    ],
)
def test_no_connection_says_which_setting(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, mend: str
) -> None:
    monkeypatch.setenv(variable, value)
    found = list(database.look())
    assert mend in red(found)["conecta"].remedio
    assert "wrong-secret" not in str(found)
    assert set(states(found).values()) == {"mal", "sin_mirar"}


def test_a_role_without_grants_is_told_what_the_owner_has_to_run(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    database: dict[str, Any],
) -> None:
    from ov_assets.operations.doctor.database import look

    admin = superuser(request, database)
    admin.execute("DROP ROLE IF EXISTS modesto")
    admin.execute("CREATE ROLE modesto LOGIN PASSWORD 'modesto'")
    admin.execute(f"GRANT CONNECT ON DATABASE {database['dbname']} TO modesto")
    admin.execute(f"REVOKE TEMPORARY ON DATABASE {database['dbname']} FROM PUBLIC")
    monkeypatch.setenv("RDS_USERNAME", "modesto")
    monkeypatch.setenv("RDS_PASSWORD", "modesto")
    found = list(look())
    assert states(found) == {
        "conecta": "bien",
        "versión": "bien",
        "permisos": "mal",
        "migraciones": "sin_mirar",
        "esquema": "bien",  # read from the catalogue, so the tables are there for this role too
    }
    _, _, statements = red(found)["permisos"].remedio.partition(": ")
    admin.execute(statements.removesuffix("."))
    assert red(look()) == {}
    admin.execute("REVOKE UPDATE ON data_general.listado_ov FROM modesto")
    found = list(look())
    assert red(found)["permisos"].visto == "falta UPDATE en data_general.listado_ov"


def superuser(request: pytest.FixtureRequest, database: dict[str, Any]) -> psycopg.Connection:
    """The sandbox's `postgres` role, which alone may make roles; what it made goes with the test."""
    settings = request.getfixturevalue("sandbox_settings")
    drawn = json.loads((settings.ov_home / "sandbox" / "credentials.json").read_text())
    admin = psycopg.connect(**database | {"user": "postgres", "password": drawn["postgres"]}, autocommit=True)

    def clear() -> None:
        admin.execute("DROP OWNED BY modesto")
        admin.execute("DROP ROLE modesto")
        admin.close()

    request.addfinalizer(clear)
    return admin


def test_a_database_that_is_behind_is_sent_to_the_migrations(
    monkeypatch: pytest.MonkeyPatch, empty_database: dict[str, Any]
) -> None:
    migrate.upgrade(empty_database, "0004_alerts")
    monkeypatch.setenv("RDS_DATABASE", empty_database["dbname"])
    behind = red(database.look())
    assert set(behind) == {"migraciones", "esquema"}
    assert "ov db upgrade" in behind["migraciones"].remedio
    migrate.upgrade(empty_database)
    assert red(database.look()) == {}


# ---- S3


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("S3_ENDPOINT_URL", NOWHERE, "AWS"),
        ("AWS_SECRET_ACCESS_KEY", "another", "credenciales"),
        ("AWS_ACCESS_KEY_ID", "nobody", "credenciales"),
    ],
)
def test_a_bucket_that_takes_nothing(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, mend: str
) -> None:
    monkeypatch.setenv(variable, value)
    found = list(bucket.look())
    assert mend in red(found)["crea"].remedio
    assert set(states(found).values()) == {"mal", "sin_mirar"}


# ---- Portals and browser


@pytest.mark.parametrize(
    ("faults", "reds", "mend"),
    [
        ({"portal_down": True}, {"responde"}, "la siguiente ejecución lo intenta sola"),
        ({"edge_block": True}, {"responde al navegador"}, "red permitida"),
        ({"otp": True}, {"credenciales"}, "cuenta del operador"),
    ],
)
def test_what_is_wrong_with_a_portal(
    portal: Portal, faults: dict[str, Any], reds: set[str], mend: str
) -> None:
    portal.control("aire").put("faults", json=faults).raise_for_status()
    found = red(portals.look("aire"))
    assert set(found) == reds
    assert all(mend in one.remedio for one in found.values())


def test_a_new_layout_names_the_page_and_a_kept_session_hides_no_wrong_password(
    monkeypatch: pytest.MonkeyPatch, portal: Portal
) -> None:
    portal.control("aire").put("faults", json={"layout_changed": ["rename_nic"]}).raise_for_status()
    found = red(portals.look("aire"))
    assert set(found) == {"página del detalle"}
    assert "labels.nic (NIC)" in found["página del detalle"].visto
    monkeypatch.setenv("OV_AIRE_PASSWORD", "another")
    for _ in range(3):
        assert set(red(portals.look("aire"))) == {"credenciales"}
    # A third one could lock the account, so it isn't sent.
    assert portal.control("aire").get("stats").json()["logins_failed"] == 2


def test_the_account_of_a_run_in_progress_is_left_alone(portal: Portal, database: dict[str, Any]) -> None:
    from ov_assets.flow.reserve import reserved

    with connect(database) as connection, reserved(connection, "aire"):
        found = list(portals.look("aire"))
    assert red(found) == {}
    assert states(found)["credenciales"] == "sin_mirar"
    assert portal.control("aire").get("stats").json()["logins_ok"] == 0


def test_no_browser(monkeypatch: pytest.MonkeyPatch, portal: Portal) -> None:
    monkeypatch.setenv("OV_CHROMIUM", "/nowhere/chromium")
    assert "OV_CHROMIUM" in red(browser.look())["arranca"].remedio
    assert states(portals.look("aire"))["página de la lista"] == "sin_mirar"
    monkeypatch.setenv("OV_CHROMIUM", "/bin/false")
    assert "install-deps" in red(browser.look())["arranca"].remedio
    assert set(red(portals.look("aire"))) == {"responde al navegador"}


# ---- The machine


def test_a_disk_that_is_too_full(data_dir: Path) -> None:
    found = red(disk.look(data_dir, free_min_bytes=2**60))
    assert "ov cleanup" in found["espacio libre"].remedio
    assert list(data_dir.iterdir()) == []


def test_a_clock_that_is_off() -> None:
    with time_machine.travel(time.time() + timedelta(minutes=2).total_seconds(), tick=True):
        found = red(clock.look())
    assert set(found) == {"contra PostgreSQL", "contra S3"}
    assert "timedatectl" in found["contra S3"].remedio


def test_a_daemon_that_nobody_started_and_one_that_fell_silent() -> None:
    found = red(dagster_daemon.look())
    assert found["demonio"].visto == "nunca ha latido"
    assert "ov up" in found["demonio"].remedio
    assert "DAGSTER_WEBSERVER_URL" in found["servidor web"].remedio
    with dg.DagsterInstance.get() as instance:
        try:
            for kind in instance.get_required_daemon_types():
                instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 1, kind, "one", []))
            assert set(red(dagster_daemon.look())) == {"servidor web"}
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 1000, "BACKFILL", "one", []))
            assert red(dagster_daemon.look())["demonio"].visto == "BACKFILL callado"
            for kind in instance.get_required_daemon_types():
                instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 1000, kind, "one", []))
            assert "ov up" in red(dagster_daemon.look())["demonio"].remedio
        finally:
            instance.wipe_daemon_heartbeats()
