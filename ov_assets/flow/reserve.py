"""One browser an account, on all machines together."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg

from ov_assets.rds.locks import advisory_lock

LOCK_WAIT_SECONDS = 600


def reserved(
    connection: psycopg.Connection, company: str, wait_seconds: float = LOCK_WAIT_SECONDS
) -> AbstractContextManager[Callable[[], None]]:
    """One browser per account on all machines together: a portal may end the older of two sessions.

    Nothing else may use the connection. Yields what asks whether it is still so; see `advisory_lock`.
    """
    return advisory_lock(connection, "portal", company, wait_seconds=wait_seconds)
