"""Advisory locks of PostgreSQL: one worker at a time for a named piece of work, on any number of machines."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.pq import TransactionStatus

from ov_assets.rds.connection import DatabaseDownError, RdsError, private_errors, query


class LockBusyError(RdsError):
    """Somebody else is at the same piece of work."""


class LockLostError(RdsError):
    """The session that held the lock is gone, so somebody else may be at the same piece of work by now."""

    def __init__(self, *parts: str) -> None:
        super().__init__(f"the lock of {' '.join(parts)} was lost on the way: the work stopped, run it again")


def lock_key(*parts: str) -> int:
    """A stable signed 64-bit key; the parts are told apart, so ("ab", "c") isn't ("a", "bc")."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def advisory_lock(
    conn: psycopg.Connection, *parts: str, wait_seconds: float = 0.0
) -> Iterator[Callable[[], None]]:
    """Hold the lock named by `parts` on this session; a lost session gives it back by itself.

    wait_seconds: how long to wait for it; 0 fails at once. Yields what asks the server whether the lock is
    still held, and raises LockLostError if not; long work calls it before each step.
    Raises LockBusyError, RdsError; LockLostError at the end if it was lost meanwhile and nothing else failed.
    Commit inside the block: the lock is given back when it ends.
    """
    was_idle = conn.info.transaction_status == TransactionStatus.IDLE
    key = lock_key(*parts)
    if not _acquire(conn, key, wait_seconds):
        raise LockBusyError(f"somebody else holds the lock of {' '.join(parts)}")

    def checked(ask: Callable[[], bool]) -> None:
        try:
            held = ask()
        except DatabaseDownError:
            held = False
        if not held:
            raise LockLostError(*parts)

    def release() -> None:
        checked(lambda: _release(conn, key, commit=was_idle))

    try:
        yield lambda: checked(lambda: _holds(conn, key))
    except BaseException:
        with suppress(RdsError):  # what stopped the work says more than what became of its lock
            release()
        raise
    release()


@private_errors
def _acquire(conn: psycopg.Connection, key: int, wait_seconds: float) -> bool:
    # A session's lock survives the (sub)transaction that took it; the limits of the wait end with it.
    try:
        with conn.transaction(force_rollback=True):
            if wait_seconds <= 0:
                row = conn.execute(query("lock_try"), {"llave": key}).fetchone()
                return bool(row and row[0])
            conn.execute(query("lock_limit"), {"limite": f"{max(1, round(wait_seconds * 1000))}ms"})
            conn.execute(query("lock_wait"), {"llave": key})
            return True
    except psycopg.errors.LockNotAvailable:
        return False


@private_errors
def _holds(conn: psycopg.Connection, key: int) -> bool:
    with conn.transaction():
        row = conn.execute(query("lock_held"), {"llave": key}).fetchone()
    return bool(row and row[0])


@private_errors
def _release(conn: psycopg.Connection, key: int, *, commit: bool) -> bool:
    """Whether it was held until now."""
    if conn.info.transaction_status == TransactionStatus.INERROR:
        conn.rollback()
    row = conn.execute(query("lock_release"), {"llave": key}).fetchone()
    if commit:
        conn.commit()
    return bool(row and row[0])
