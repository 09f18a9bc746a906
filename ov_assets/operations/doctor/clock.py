"""This machine's clock against PostgreSQL's and S3's, and what Bogotá's time is."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ov_assets.operations.doctor.diagnosis import Area, Diagnosis
from ov_assets.rds.connection import RdsError, connect
from ov_assets.rds.server import server_time
from ov_assets.resources import ObjectStore
from ov_assets.s3.errors import S3Error
from ov_assets.s3.scratch import server_time as s3_time
from ov_assets.settings import MissingSettingError, Settings

AREA = Area("Reloj")
ZONE = "America/Bogota"
OFFSET = timedelta(hours=-5)
SKEW_MAX_SECONDS = 10  # S3 says its time in whole seconds, and refuses requests from 15 minutes on
MEND = "Encienda la sincronización del reloj de esta máquina (`timedatectl set-ntp true`, chrony)."


def look() -> Iterator[Diagnosis]:
    yield _compare("contra PostgreSQL", _postgres)
    yield _compare("contra S3", lambda: s3_time(ObjectStore().open()))
    yield _zone()


def _postgres() -> datetime:
    with closing(connect(Settings().rds_conninfo())) as connection:
        return server_time(connection)


def _compare(cosa: str, ask: Callable[[], datetime]) -> Diagnosis:
    before = datetime.now(UTC)
    try:
        theirs = ask()
    except (RdsError, S3Error, MissingSettingError) as error:
        return AREA.unseen(cosa, str(error))
    after = datetime.now(UTC)
    # They looked at their clock at some moment in between.
    skew = max(theirs - after, before - theirs, timedelta())
    if skew.total_seconds() <= SKEW_MAX_SECONDS:
        return AREA.good(cosa, f"menos de {SKEW_MAX_SECONDS} s de diferencia")
    return AREA.bad(cosa, f"{skew.total_seconds():.0f} s de diferencia", MEND)


def _zone() -> Diagnosis:
    try:
        offset = datetime.now(ZoneInfo(ZONE)).utcoffset()
    except ZoneInfoNotFoundError:
        return AREA.bad("hora de Bogotá", f"no hay datos de {ZONE}", "Instale `tzdata`.")
    if offset == OFFSET:
        return AREA.good("hora de Bogotá", f"{ZONE} es UTC−5")
    return AREA.bad("hora de Bogotá", f"{ZONE} es UTC{offset}", "Actualice `tzdata`: Bogotá es UTC−5.")
