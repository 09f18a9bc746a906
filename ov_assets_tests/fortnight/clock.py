"""One clock for everybody: this process, the simulated portals, and PostgreSQL.

SeaweedFS and Chromium keep the true time, so requests to S3 are signed with it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import botocore.auth
import botocore.signers
import httpx
import psycopg
import pytest
import time_machine

from ov_assets.rds.migrate import upgrade
from ov_assets.timezone import BOGOTA

# In front of pg_catalog in the search path, so that every `now()` of ours means these.
CLOCK = """
CREATE SCHEMA reloj;
CREATE TABLE reloj.estado (desfase interval NOT NULL);
INSERT INTO reloj.estado VALUES ('0');
CREATE FUNCTION reloj.now() RETURNS timestamptz STABLE LANGUAGE sql
    AS 'SELECT pg_catalog.now() + (SELECT desfase FROM reloj.estado)';
CREATE FUNCTION reloj.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
    AS 'SELECT pg_catalog.clock_timestamp() + (SELECT desfase FROM reloj.estado)';
"""


def true_time() -> datetime:
    return datetime.fromtimestamp(time_machine.escape_hatch.time.time(), UTC)


def signing_time(remove_tzinfo: bool = True) -> datetime:
    """What botocore takes for now."""
    return true_time().replace(tzinfo=None) if remove_tzinfo else true_time()


def install(database: dict[str, Any]) -> None:
    """Give an empty database a clock that can be moved, and migrate it with that clock."""
    with psycopg.connect(**database, autocommit=True) as connection:
        connection.execute(CLOCK)
        connection.execute(f"ALTER DATABASE {database['dbname']} SET search_path = reloj, public, pg_catalog")
    upgrade(database)


class Clock:
    """Where everybody's time is; it ticks on by itself in between two moves, except the portals'."""

    def __init__(
        self, traveller: time_machine.Traveller, database: dict[str, Any], portals: Sequence[httpx.Client]
    ) -> None:
        self._traveller, self._database, self._portals = traveller, database, list(portals)

    def stop_portals(self) -> None:
        """Nothing is filed or finished any more."""
        self._portals.clear()

    def now(self) -> datetime:
        return datetime.now(BOGOTA)

    def go_to(self, moment: datetime) -> None:
        """Never back."""
        moment = max(moment, self.now())
        self._traveller.move_to(moment.timestamp(), tick=True)
        with psycopg.connect(**self._database, autocommit=True) as connection:
            connection.execute("UPDATE reloj.estado SET desfase = %s", [moment - true_time()])
        for portal in self._portals:
            portal.put("clock", json={"now": moment.isoformat()}).raise_for_status()


@contextmanager
def travelling(start: datetime, database: dict[str, Any], portals: Sequence[httpx.Client]) -> Iterator[Clock]:
    """From `start` on."""
    with (
        pytest.MonkeyPatch.context() as patch,
        time_machine.travel(start.timestamp(), tick=True) as traveller,
    ):
        for module in (botocore.auth, botocore.signers):
            patch.setattr(module, "get_current_datetime", signing_time)
        clock = Clock(traveller, database, portals)
        clock.go_to(start)
        yield clock
