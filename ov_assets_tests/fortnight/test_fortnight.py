"""A fortnight of operation, tick by tick: everything arrives once, and people are told what they need.

OV_TEST_FORTNIGHT=short lives through three days (minutes); =1 through all fourteen (hours), and prints what
happened on each. Without it both are left out: they ask more of a machine than all other tests together.
"""

import os
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from ov_assets.alerts.wording import QUIET
from ov_assets.companies import COMPANIES
from ov_assets.timezone import BOGOTA
from ov_assets_tests.assets.flow_tools import assert_arrived, truth
from ov_assets_tests.fortnight import diary
from ov_assets_tests.fortnight.conftest import Began
from ov_assets_tests.fortnight.operation import Operation

LENGTH = os.environ.get("OV_TEST_FORTNIGHT", "")
PAGE_CHANGED = "Afinia: la página del portal cambió"  # not before a PQR is opened
RESOLVED, REPORT = "Resuelto: ", "Oficina Virtual "
MOST_FAILURES_AN_HOUR = 5  # after 2, 4, 8, 16 and 32 minutes; then once an hour


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of October 2025, of which the 6th is a Monday."""
    return datetime(2025, 10, day, hour, minute, tzinfo=BOGOTA)


def fault(portal: Any, company: str, **switches: Any) -> None:
    portal.control(company).put("faults", json=switches).raise_for_status()


def finished(portal: Any, company: str, first: date, last: date) -> dict[str, dict[str, Any]]:
    """Every PQR that the portal says is Finalizado, of all days."""
    found: dict[str, dict[str, Any]] = {}
    for offset in range((last - first).days + 1):
        found |= truth(portal, company, (first + timedelta(days=offset)).isoformat())
    return found


def arrived(portal: Any, database: Any, bucket: Any, first: date, last: date) -> None:
    """Every PQR that is Finalizado on the portals is in RDS and S3 exactly once, byte for byte."""
    for company in COMPANIES:
        expected = finished(portal, company, first, last)
        assert len(expected) >= 2
        assert_arrived(expected, database, bucket, company)


def finished_by_day(portal: Any, first: date, last: date) -> Counter[date]:
    pqrs = (pqr for company in COMPANIES for pqr in finished(portal, company, first, last).values())
    return Counter(datetime.fromisoformat(pqr["finalizado_en"]).date() for pqr in pqrs)


def check_runs(operation: Operation) -> list[diary.Run]:
    """No tick failed, no run was for nothing twice in an hour, what fails is tried with growing pauses."""
    runs = diary.runs_of(operation.instance)
    assert diary.failed_ticks(operation.instance) == []
    idle = diary.most_in_an_hour(run for run in runs if run.for_nothing)
    assert {key: count for key, count in idle.items() if count > 1} == {}
    failing = diary.most_in_an_hour(run for run in runs if not run.good)
    assert {key: count for key, count in failing.items() if count > MOST_FAILURES_AN_HOUR} == {}
    return runs


def check_messages(messages: list[diary.Message]) -> None:
    """Each alert is told once, again only if it lasts six hours, and then its end, once."""
    standing: dict[str, datetime] = {}
    for moment, title in messages:
        problem = title.removeprefix(RESOLVED)
        if problem != title:
            assert standing.pop(problem), title
        elif not title.startswith(REPORT):
            assert problem not in standing or moment - standing[problem] >= QUIET, title
            standing[problem] = moment
    assert standing == {}


@pytest.mark.skipif(LENGTH != "short", reason="OV_TEST_FORTNIGHT isn't `short`: it takes minutes")
@pytest.mark.timeout(1_200)
class TestThreeDays:
    """Two days without a scheduler, and then a portal that is down when it comes back."""

    @pytest.fixture
    def world(self) -> tuple[tuple[int, int], date]:
        return (2, 3), date(2025, 10, 4)

    def test_nothing_is_lost_and_nothing_is_done_twice(
        self, begin: Began, portal: Any, database: Any, bucket: Any, mailbox: Any, webhook: Any
    ) -> None:
        box, _ = mailbox
        with begin(at(6, 9, 59)) as operation:
            operation.run_until(at(6, 10, 5))
            fault(portal, "aire", portal_down=True)
            operation.dead_until(at(8, 11, 30))
            operation.run_until(at(8, 11, 32))
            fault(portal, "aire", portal_down=None)
            operation.clock.stop_portals()
            operation.run_until(at(8, 12, 2))
            check_runs(operation)
        arrived(portal, database, bucket, date(2025, 10, 4), date(2025, 10, 8))
        messages = box.messages
        assert [title for _, title in messages] == [post["title"] for post in webhook.posts]
        check_messages(messages)
        down, incomplete = "Air-e: el portal no responde", "07/10/2025: el día no está completo"
        problems = {down, f"Air-e {incomplete}", f"Afinia {incomplete}"}
        assert Counter(title for _, title in messages) == Counter(
            [*problems, *(RESOLVED + title for title in problems), REPORT + "07/10/2025: hay algo que mirar"]
        )


@pytest.mark.skipif(LENGTH != "1", reason="OV_TEST_FORTNIGHT isn't 1: it takes hours")
@pytest.mark.timeout(6 * 3600)
def test_a_fortnight(
    begin: Began, portal: Any, database: Any, bucket: Any, mailbox: Any, webhook: Any
) -> None:
    """Daily arrivals and late finalisations, a portal that is down for a day, a scheduler that is away for
    three, a page that changes and changes back."""
    first, last, box = date(2025, 10, 3), date(2025, 10, 20), mailbox[0]
    with begin(at(6, 3, 30)) as operation:
        for moment, company, switches in (
            (at(8, 0), "aire", {"portal_down": True}),
            (at(9, 0), "aire", {"portal_down": None}),
            (at(10, 11), None, {}),
            (at(15, 9), "afinia", {"layout_changed": {"which": ["rename_nic"]}}),
        ):
            operation.run_until(moment)
            if company:
                fault(portal, company, **switches)
            else:
                operation.dead_until(at(13, 11))
        while PAGE_CHANGED not in [title for _, title in box.messages] and operation.clock.now() < at(16, 5):
            operation.run_until(operation.clock.now() + timedelta(hours=1))
        fault(portal, "afinia", layout_changed=None)
        operation.run_until(at(20, 3, 55))
        operation.clock.stop_portals()
        operation.run_until(at(20, 6, 5))
        print()
        print(
            diary.table(diary.runs_of(operation.instance), box.messages, finished_by_day(portal, first, last))
        )
        for run in diary.runs_of(operation.instance):
            print(run)
        runs = check_runs(operation)
    assert {run.job for run in runs} > {"ov_listing_job", "ov_chain_job", "ov_s3_job", "cleanup_job"}
    arrived(portal, database, bucket, first, last)
    assert [title for _, title in box.messages] == [post["title"] for post in webhook.posts]
    check_messages(box.messages)
    told = Counter(title for _, title in box.messages)
    reports = [title for title in told.elements() if title.startswith(REPORT)]
    alive = [*range(6, 11), *range(13, 21)]  # the days with a morning
    assert [title[len(REPORT) :][:2] for title in reports] == [f"{day - 1:02}" for day in alive]
    problems = {title for title in told if not title.startswith((REPORT, RESOLVED))}
    assert problems == {
        "Air-e: el portal no responde",
        "Air-e 07/10/2025: el día no está completo",
        "Afinia 12/10/2025: el día no está completo",
        "Air-e 12/10/2025: el día no está completo",
        PAGE_CHANGED,
        "Afinia 14/10/2025: hay PQR listadas sin capturar",
    }
