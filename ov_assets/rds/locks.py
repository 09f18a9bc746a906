"""Advisory locks of PostgreSQL: one worker at a time for a named piece of work, on any number of machines."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from ov_assets.rds.connection import RdsError, query


class LockBusyError(RdsError):
    """Somebody else is at the same piece of work."""


def lock_key(*parts: str) -> int:
    """A stable signed 64-bit key; the parts are told apart, so ("ab", "c") isn't ("a", "bc")."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def advisory_lock(conn: psycopg.Connection, *parts: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock named by `parts` on this session; a lost session gives it back by itself.

    wait_seconds: how long to wait for it; 0 fails at once. Raises LockBusyError.
    Commit inside the block: the lock is given back when it ends.
    """
    was_idle = conn.info.transaction_status == TransactionStatus.IDLE
    key = lock_key(*parts)
    if not _acquire(conn, key, wait_seconds):
        raise LockBusyError(f"somebody else holds the lock of {' '.join(parts)}")
    try:
        yield
    finally:
        if not (conn.closed or conn.broken):
            if conn.info.transaction_status == TransactionStatus.INERROR:
                conn.rollback()
            conn.execute(query("lock_release"), {"llave": key})
            if was_idle:
                conn.commit()


def _acquire(conn: psycopg.Connection, key: int, wait_seconds: float) -> bool:
    # In a (sub)transaction of its own: a session's lock survives it, and the caller's stays usable.
    try:
        with conn.transaction():
            if wait_seconds <= 0:
                row = conn.execute(query("lock_try"), {"llave": key}).fetchone()
                return bool(row and row[0])
            conn.execute(query("lock_limit"), {"limite": f"{max(1, round(wait_seconds * 1000))}ms"})
            conn.execute(query("lock_wait"), {"llave": key})
            return True
    except psycopg.errors.LockNotAvailable:
        return False
