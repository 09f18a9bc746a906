"""Portals that behave as none here does, and as a real one may: nothing is lost, and nothing is mistaken."""

import asyncio
import threading
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import psutil
import pytest
import time_machine

from ov_assets.companies import COMPANIES
from ov_assets.portal.browser import session
from ov_assets.portal.browser.session import portal_session
from ov_assets.portal.errors import LoginRejected, LoginUnanswered
from ov_assets.portal.pages.list import PqrList
from ov_assets.portal.pages.look import FINALIZADO, Filter
from ov_assets.portal.pages.looking import list_window
from ov_assets.portal.pages_file import read_pages
from ov_assets.portal.report import CaptureReport
from ov_assets.portal.site import Site
from ov_assets.pqr.captures import CaptureStore
from ov_assets.timezone import BOGOTA
from ov_assets_tests.portal.tools import (
    COMPANY,
    EMPTY_DAY,
    add_pqrs,
    any_fault,
    capture,
    differences,
    faults,
    quick,
    sign_in,
    site_of,
    stats,
)


@pytest.mark.parametrize("requests", [9, 11, 13])
def test_a_session_that_ends_by_a_redirection_leaves_no_claim_number_blank(
    portal: Any, tmp_path: Path, requests: int
) -> None:
    add_pqrs(portal, 3)
    sign_in(portal, tmp_path)
    faults(
        portal,
        sgc={"*": "late"},
        expiry_redirects=True,
        session_expires_after={"requests": requests, "times": 1},
    )
    capture(portal, tmp_path, quick(tmp_path, tabs=1))
    assert differences(portal, tmp_path) == (set(), [])
    assert stats(portal)["logins_ok"] >= 2


@pytest.mark.parametrize("after_ms", [50, 700])
def test_a_field_that_comes_by_a_request_of_its_own_is_waited_for(
    portal: Any, tmp_path: Path, after_ms: int
) -> None:
    add_pqrs(portal, 6, campos={"comentarios": "Se revisó en terreno"})
    sign_in(portal, tmp_path)
    faults(portal, late_comments={"after_ms": after_ms, "ms": 900})
    capture(portal, tmp_path, quick(tmp_path))
    assert differences(portal, tmp_path) == (set(), [])


@pytest.mark.parametrize("which", ["end", "start"])
def test_a_portal_that_leaves_out_an_end_of_its_dates_hides_no_pqr(
    portal: Any, tmp_path: Path, which: str
) -> None:
    day = timedelta(days=1)
    here = add_pqrs(portal, 12)
    for other in (EMPTY_DAY - day, EMPTY_DAY + day):
        add_pqrs(portal, 2, day=other)
    sign_in(portal, tmp_path)
    faults(portal, exclusive_dates=which)
    report = capture(portal, tmp_path, quick(tmp_path))
    assert set(report.listed) == set(here)
    assert differences(portal, tmp_path) == (set(), [])
    assert set(list_window(site_of(portal), EMPTY_DAY, EMPTY_DAY, quick(tmp_path)).rows) == set(here)


def test_a_filter_that_takes_no_day_to_come_is_asked_without_it(portal: Any, tmp_path: Path) -> None:
    now = datetime.combine(EMPTY_DAY, time(12), BOGOTA)
    add_pqrs(portal, 3)
    portal.control(COMPANY).put("clock", json={"now": now.isoformat()}).raise_for_status()
    sign_in(portal, tmp_path)
    faults(portal, layout_changed=["no_future"])
    with time_machine.travel(now):
        report = capture(portal, tmp_path, quick(tmp_path))
    assert len(report.listed) == 3
    assert report.failures == {}


def test_an_empty_day_is_one_that_two_different_questions_find_empty(portal: Any, tmp_path: Path) -> None:
    add_pqrs(portal, 1, day=EMPTY_DAY + timedelta(days=1))
    sign_in(portal, tmp_path)
    report = capture(portal, tmp_path, quick(tmp_path))
    assert (report.listed, report.looks) == ({}, 2)


@pytest.mark.parametrize("way", ["saved_late", "saved_nameless", "sent_twice"])
def test_no_file_is_taken_for_another_however_late_it_comes_once_more(
    portal: Any, tmp_path: Path, way: str
) -> None:
    add_pqrs(portal, 4, attachments=2)
    sign_in(portal, tmp_path)
    faults(portal, attachments=way)
    report = capture(portal, tmp_path, quick(tmp_path, tabs=2))
    assert report.failures == {}
    assert differences(portal, tmp_path) == (set(), [])


def test_a_file_that_lies_on_another_host_is_not_fetched_from_there(portal: Any, tmp_path: Path) -> None:
    (radicado,) = add_pqrs(portal, 1, attachments=1)
    sign_in(portal, tmp_path)
    faults(portal, attachments="elsewhere")
    report = capture(portal, tmp_path, quick(tmp_path))
    assert report.missing_files == 1
    manifest = CaptureStore(tmp_path, COMPANY, EMPTY_DAY).manifests()[radicado]
    assert [file.causa for file in manifest.adjuntos_faltantes] == [
        "it lies at localhost, which isn't the portal"
    ]


def test_a_file_that_fails_because_the_portal_does_is_not_given_up(portal: Any, tmp_path: Path) -> None:
    last_try = 5  # each of three asks twice
    (radicado,) = add_pqrs(portal, 1, attachments=1)
    sign_in(portal, tmp_path)
    faults(portal, attachments="elsewhere")  # waited for a while, in which the portal goes
    report = CaptureReport()

    def go() -> None:
        while stats(portal)["attachment_requests"].get(radicado, 0) < last_try:
            sleep(0.1)
        faults(portal, portal_down=True)

    going = threading.Thread(target=go)
    going.start()
    with any_fault() as stopped:
        capture(portal, tmp_path, quick(tmp_path), report=report)
    going.join()
    told = {type(stopped[0]).__name__} if stopped else {report.failures[radicado].cause}
    assert told == {"PortalDown"}
    assert CaptureStore(tmp_path, COMPANY, EMPTY_DAY).manifests() == {}


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://portal.example/x", True),
        ("blob:https://portal.example/1-2", True),
        ("http://portal.example/x", False),
        ("https://portal.example:8443/x", False),
        ("https://portal.example.evil.test/x", False),
        ("https://evil.test/?portal.example", False),
        ("https://portal.example@evil.test/", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("file:///etc/hostname", False),
        ("data:text/plain,x", False),
        ("blob:null/1-2", False),
    ],
)
def test_only_the_portals_own_addresses_are_followed(url: str, own: bool) -> None:
    assert (
        Site(COMPANIES[COMPANY], "https://portal.example/", "user", "password", read_pages(COMPANY)).owns(url)
        is own
    )


def test_a_portal_that_is_known_by_http_may_be_at_https() -> None:
    site = Site(COMPANIES[COMPANY], "http://portal.example", "user", "password", read_pages(COMPANY))
    assert site.owns("https://portal.example/login")


def open_session(site: Site, home: Path, answer_timeout_s: float = 2.0) -> int:
    limits = quick(home, answer_timeout_s=answer_timeout_s)

    async def run() -> int:
        async with portal_session(site, limits, EMPTY_DAY) as session:
            return session.logins

    return asyncio.run(run())


def test_a_refusal_that_takes_its_time_is_a_refusal(portal: Any, tmp_path: Path) -> None:
    faults(portal, login_slow=6_000)
    with pytest.raises(LoginRejected):
        open_session(site_of(portal, password="not it"), tmp_path)
    assert stats(portal)["logins_failed"] == 1


def test_a_password_that_nothing_answers_is_sent_once_a_run_and_twice_an_hour(
    portal: Any, tmp_path: Path
) -> None:
    faults(portal, login_slow=60_000)
    site = site_of(portal, password="not it")
    impatient = replace(site, pages=site.pages.with_names({"limits.page_timeout_s": 3}))
    for sent in (1, 2, 2):
        with pytest.raises(LoginUnanswered):
            open_session(impatient, tmp_path)
        assert stats(portal)["logins_failed"] == sent
    later = datetime.now(BOGOTA) + timedelta(hours=1, minutes=1)
    with time_machine.travel(later), pytest.raises(LoginUnanswered):
        open_session(impatient, tmp_path)
    assert stats(portal)["logins_failed"] == 3
    faults(portal, login_slow=None)
    assert open_session(site_of(portal), tmp_path) == 1


def test_a_detail_page_that_does_not_follow_its_address_is_loaded_and_waited_for_once(
    portal: Any, tmp_path: Path
) -> None:
    add_pqrs(portal, 6)
    sign_in(portal, tmp_path)
    faults(portal, layout_changed=["hash_ignored"])
    report = capture(portal, tmp_path, quick(tmp_path, tabs=1, answer_timeout_s=15.0))
    assert differences(portal, tmp_path) == (set(), [])
    assert report.seconds < 5 * 15, "it waits for nothing five times"


def test_a_browser_that_hangs_is_replaced(
    portal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "ANSWER_TIMEOUT_S", 2.0)
    monkeypatch.setattr(session, "BROWSER_CLOSE_TIMEOUT_S", 2.0)
    sign_in(portal, tmp_path)

    async def run() -> int:
        async with portal_session(site_of(portal), quick(tmp_path), EMPTY_DAY) as opened:
            hung = [p for p in psutil.Process().children(recursive=True) if "chrom" in p.name()]
            for process in hung:
                process.suspend()
            try:
                await asyncio.wait_for(opened.recycle(), 60)
                return len((await PqrList(opened).look(Filter(FINALIZADO, EMPTY_DAY, EMPTY_DAY))).rows)
            finally:
                for process in hung:
                    process.kill()

    add_pqrs(portal, 2)
    assert asyncio.run(run()) == 2


def test_what_one_pqr_holds_or_is_refused_stops_no_other(portal: Any, tmp_path: Path) -> None:
    good = add_pqrs(portal, 1, attachments=1)
    (odd,) = add_pqrs(portal, 1, campos={"comentarios": "aquí [medio signo]"})
    refused, forbidden = add_pqrs(portal, 2, attachments=1)
    sign_in(portal, tmp_path)
    faults(portal, detail_401={"radicado": refused}, attachments={forbidden: "http_403"})
    report = capture(portal, tmp_path, quick(tmp_path))
    assert set(report.fresh) == {*good, odd, forbidden}
    assert report.missing_files == 1
    assert {radicado: failure.cause for radicado, failure in report.failures.items()} == {
        refused: "DetailMissing"
    }
    assert report.logins == 0, "nobody logs in again for it"
