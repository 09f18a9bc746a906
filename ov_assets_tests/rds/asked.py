"""The portal was asked about a day, as pqr_captures notes it."""

from datetime import datetime
from typing import Any

from ov_assets.days import company_day
from ov_assets.rds.asked import record_asked
from ov_assets.rds.connection import connect
from ov_assets.timezone import BOGOTA


def asked(database: dict[str, Any], partition: str, at: datetime | None = None, **failures: str) -> None:
    """at: when the last look began, now by default. failures: fault by radicado, as `r900="PortalDown"`."""
    company, day = company_day(partition)
    uncaptured = {radicado.removeprefix("r"): fault for radicado, fault in failures.items()}
    with connect(database) as conn:
        record_asked(conn, company, day, at or datetime.now(BOGOTA), uncaptured)
