"""Every fault of a portal has a name and an advice; the same trouble has one key."""

from datetime import date

import pytest

from ov_assets.alerts import advice
from ov_assets.alerts.events import CheckFailed, RunFailed
from ov_assets.alerts.wording import alert_of
from ov_assets.checks.daily import DAILY_CHECKS
from ov_assets.checks.partition import CHECKS
from ov_assets.portal.errors import PortalError
from ov_assets.portal.pages.details import OF_ONE_PQR

UI = "https://dagster.example.com"


def faults() -> set[type[PortalError]]:
    found, open_ = set(), [PortalError]
    while open_:
        for child in open_.pop().__subclasses__():
            found.add(child)
            open_.append(child)
    return found


def test_every_fault_that_stops_a_company_has_an_advice() -> None:
    stops = {fault.__name__ for fault in faults() if not issubclass(fault, OF_ONE_PQR)}
    assert stops - {"PortalBusy"} <= set(advice.PORTAL)


def test_every_check_but_the_whole_day_has_an_advice() -> None:
    names = {check.check_key.name for check in (*CHECKS, *DAILY_CHECKS)}
    assert names - set(advice.CHECKS) == {"every_company_complete_yesterday"}


def failed(day: int, fault: str, step: str = "pqr_captures") -> RunFailed:
    return RunFailed("aire", date(2025, 10, day), "ov_chain_job", step, fault, "r")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (failed(1, "PortalDown"), failed(2, "PortalDown"), True),
        (failed(1, "PortalDown"), failed(1, "OtpRequired"), False),
        (failed(1, "DatabaseDownError"), failed(2, "DatabaseDownError", "rds_table"), True),
        (failed(1, "ValueError"), failed(1, "KeyError"), True),
        (failed(1, "ValueError"), failed(2, "ValueError"), False),
        (failed(1, "ValueError"), CheckFailed("aire", date(2025, 10, 1), "x", True, "", "r"), False),
    ],
)
def test_what_is_one_alert(one: RunFailed, other: RunFailed | CheckFailed, same: bool) -> None:
    assert (alert_of(one, UI).clave == alert_of(other, UI).clave) is same


def test_what_mends_itself_weighs_less() -> None:
    assert alert_of(failed(1, "PortalDown"), UI).gravedad == "aviso"
    assert alert_of(failed(1, "LoginRejected"), UI).gravedad == "error"
