"""A lock whose session dies, and a role whose statements may not take long."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from ov_assets.rds.connection import RdsError, connect
from ov_assets.rds.locks import LockBusyError, LockLostError, advisory_lock

PORTAL = ("portal", "aire")


def end_session(database: dict[str, Any], conn: psycopg.Connection) -> None:
    with psycopg.connect(**database, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [conn.info.backend_pid])


def hurried(database: dict[str, Any]) -> dict[str, Any]:
    """As a role that has `statement_timeout` set."""
    return database | {"options": "-c statement_timeout=300ms"}


def test_a_lost_lock_is_told_when_asked(database: dict[str, Any]) -> None:
    with (
        connect(database) as conn,
        pytest.raises(LockLostError, match="lock of portal aire was lost"),
        advisory_lock(conn, *PORTAL) as still_ours,
    ):
        still_ours()
        end_session(database, conn)
        still_ours()
        pytest.fail("nobody noticed")


def test_a_lost_lock_is_told_at_the_end(database: dict[str, Any]) -> None:
    with connect(database) as conn, pytest.raises(LockLostError), advisory_lock(conn, *PORTAL):
        end_session(database, conn)


def test_a_lock_that_somebody_else_holds_by_now_is_lost(database: dict[str, Any]) -> None:
    with (
        connect(database) as one,
        connect(database) as two,
        pytest.raises(LockLostError),
        advisory_lock(one, *PORTAL) as still_ours,
    ):
        one.execute("SELECT pg_advisory_unlock_all()")
        one.commit()
        with advisory_lock(two, *PORTAL):
            still_ours()
        pytest.fail("nobody noticed")


def test_a_lost_lock_never_hides_what_stopped_the_work(database: dict[str, Any]) -> None:
    with connect(database) as conn, pytest.raises(ZeroDivisionError), advisory_lock(conn, *PORTAL):
        end_session(database, conn)
        raise ZeroDivisionError


def test_asking_leaves_no_transaction_open(database: dict[str, Any]) -> None:
    with connect(database) as conn, advisory_lock(conn, *PORTAL) as still_ours:
        still_ours()
        assert conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_waiting_outlives_the_roles_statement_timeout(database: dict[str, Any]) -> None:
    waits, got = threading.Event(), threading.Event()

    def wait() -> Any:
        with connect(hurried(database)) as conn:
            waits.set()
            with advisory_lock(conn, *PORTAL, wait_seconds=30):
                got.set()
                return conn.execute("SHOW statement_timeout").fetchone()

    with ThreadPoolExecutor(1) as pool:
        with connect(database) as conn, advisory_lock(conn, *PORTAL):
            waiter = pool.submit(wait)
            assert waits.wait(30)
            assert not got.wait(1.0)
        assert waiter.result(30) == ("300ms",)


def test_inside_a_transaction_the_limits_of_the_wait_end_with_it(database: dict[str, Any]) -> None:
    with (
        connect(hurried(database)) as conn,
        conn.transaction(),
        advisory_lock(conn, *PORTAL, wait_seconds=5),
    ):
        assert conn.execute("SHOW statement_timeout").fetchone() == ("300ms",)
        assert conn.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_a_wait_in_vain_and_a_session_that_is_gone_are_errors_of_ours(database: dict[str, Any]) -> None:
    with connect(database) as holder, advisory_lock(holder, *PORTAL), connect(database) as conn:
        with pytest.raises(LockBusyError), advisory_lock(conn, *PORTAL, wait_seconds=0.1):
            pass
        end_session(database, conn)
        with pytest.raises(RdsError), advisory_lock(conn, *PORTAL):
            pass
