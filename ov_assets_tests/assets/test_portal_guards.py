"""What stands before a portal, and what stays when the lock of its account dies: on the real parts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest

from ov_assets.days import CompanyDay, today
from ov_assets.flow import progress
from ov_assets.pqr.captures import CaptureStore
from ov_assets.rds.connection import RdsError, connect
from ov_assets.rds.listing import listed
from ov_assets.resources import Database
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr, materialize
from ov_assets_tests.assets.test_portal_assets import run
from ov_assets_tests.portal.tools import stats

pytestmark = pytest.mark.usefixtures("flow")
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
# Waits on the server until somebody of this database holds a lock, and ends that session.
END_THE_LOCK = """
DO $$ DECLARE holder integer; BEGIN
    LOOP
        SELECT l.pid INTO holder FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database();
        EXIT WHEN holder IS NOT NULL;
        PERFORM pg_sleep(0.02);
    END LOOP;
    PERFORM pg_terminate_backend(holder, 5000);
END $$
"""


def end_the_lock(database: dict[str, Any]) -> None:
    with psycopg.connect(**database, autocommit=True) as admin:
        admin.execute(END_THE_LOCK)


@contextmanager
def lock_ended_at_once(database: dict[str, Any]) -> Iterator[None]:
    """The session of the portal's lock ends as soon as it holds it: before the browser is there."""
    thread = threading.Thread(target=end_the_lock, args=[database])
    thread.start()
    yield
    thread.join(30)
    assert not thread.is_alive()


def what_failed(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data
    return str(told.user_failure_data or "") + str(told.error)


@pytest.mark.usefixtures("kept_session")
def test_a_lost_lock_stops_a_capture_at_the_next_pqr_and_the_outcome_stands(
    database: dict[str, Any], portal: Any, data_dir: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OV_PORTAL_TABS", "1")
    radicados = {add_pqr(portal, "aire", attachments=0) for _ in range(4)}
    done: list[int] = []

    def first_one_ends_the_lock(step: str, count: int, total: int) -> None:
        done.append(count)
        if count == 1:
            end_the_lock(database)

    with progress.listening(first_one_ends_the_lock):
        result = materialize(PARTITION, "pqr_captures")
    assert not result.success
    assert "LockLostError" in what_failed(result)
    assert "the lock of portal aire was lost" in what_failed(result)
    assert done == [1]
    store = CaptureStore(data_dir, *PARTITION)
    captured = set(store.manifests())
    assert len(captured) == 1
    assert store.outcome() == dict.fromkeys(radicados - captured, "LockLostError")
    with connect(database) as connection:
        assert {row.numero_radicado for row in listed(connection, "aire", PARTITION.day)} == radicados
    assert materialize(PARTITION).success


def test_the_portals_own_fault_is_told_and_not_the_end_of_the_lock(
    database: dict[str, Any], portal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OV_AIRE_PASSWORD", "not-the-password")
    with lock_ended_at_once(database):
        result = materialize(PARTITION, "pqr_captures")
    assert "the portal refused the login" in what_failed(result)
    assert "AdminShutdown" not in what_failed(result)


@pytest.mark.usefixtures("kept_session")
def test_a_lost_lock_stops_a_walk_of_the_list(database: dict[str, Any], portal: Any) -> None:
    from ov_assets.assets.portal_listing import portal_listing

    add_pqr(portal, "aire", day=(today() - timedelta(days=1)).isoformat())
    with lock_ended_at_once(database):
        result = run(portal_listing, "aire", {"window_days": 3})
    assert "LockLostError" in what_failed(result)
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM data_general.listado_ov").fetchone() == (0,)


def test_a_database_without_the_schema_is_told_before_the_portal_is_asked(
    empty_database: dict[str, Any], portal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.control("aire").delete("stats").raise_for_status()
    monkeypatch.setenv("RDS_DATABASE", empty_database["dbname"])
    result = materialize(PARTITION, "pqr_captures")
    assert "run `ov db upgrade`" in what_failed(result)
    assert stats(portal)["logins_ok"] == 0


@pytest.mark.parametrize(
    ("revision", "says"),
    [("0002_files", "at revision 0002_files.*run `ov db upgrade`"), ("9999_future", "doesn't know.*newer")],
)
def test_a_schema_of_another_version_is_told_with_what_to_do(
    database: dict[str, Any], revision: str, says: str
) -> None:
    with psycopg.connect(**database) as conn:
        conn.execute("UPDATE data_general.alembic_version_ov SET version_num = %s", [revision])
    with pytest.raises(RdsError, match=says), Database().connect():
        pass
