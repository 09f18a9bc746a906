"""A look at the list that survives what passes: an expired session, a busy server, a browser that died."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from time import monotonic

from playwright.async_api import Error as PlaywrightError

from ov_assets.portal.browser.evidence import Evidence, remove_old_evidence
from ov_assets.portal.browser.retry import attempts
from ov_assets.portal.browser.session import PortalSession, portal_session
from ov_assets.portal.errors import DayRefused, PortalError
from ov_assets.portal.pages.list import OnPage, PqrList
from ov_assets.portal.pages.look import FINALIZADO, Filter, Look
from ov_assets.portal.pages.patience import named, recover
from ov_assets.portal.report import CaptureReport
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Limits, Site

LOOK_TIMEOUT_S = 3_600.0  # a browser that hangs has no time-out of its own for everything


async def patient_look(
    session: PortalSession, pqr_list: PqrList, wanted: Filter, on_page: OnPage = lambda rows: None
) -> Look:
    """Search and walk every page once; a look that fails in the middle starts again, filters and all.

    The list has no way to a page but through all before it, so the first page is as near as the lost one.
    """
    async for attempt in attempts():
        with attempt:
            logins = session.logins
            try:
                async with asyncio.timeout(LOOK_TIMEOUT_S):
                    return await pqr_list.look(wanted, on_page)
            except (PortalError, PlaywrightError, TimeoutError) as error:
                tab = pqr_list.tab
                fault = named(error, session, at_login=tab is not None and tab.at_login)
                if tab is not None:
                    await session.evidence.note(fault, "list", tab.page, tab.console)
                await pqr_list.close()
                await recover(session, fault, logins)
                raise fault from None
    raise AssertionError("stamina either returns or raises")


async def wider_look(
    session: PortalSession, pqr_list: PqrList, wanted: Filter, on_page: OnPage = lambda rows: None
) -> Look:
    """What is of the wanted days in a look at a day more at either end.

    Whether a portal counts the days that it is asked for to what it lists isn't known. One that takes no day
    to come shows today's at the latest tomorrow.
    """
    try:
        look = await patient_look(session, pqr_list, wanted.wider, on_page)
    except DayRefused:
        look = await patient_look(session, pqr_list, replace(wanted.wider, last=wanted.last), on_page)
    return look.within(wanted)


def list_window(
    site: Site,
    first: date,
    last: date,
    limits: Limits,
    report: CaptureReport | None = None,
    still_ours: Callable[[], None] = lambda: None,
) -> Look:
    """What the portal lists as finalised over the days first..last: one login, one walk.

    A second walk only if rows moved during the first. Raises a PortalError; a `report` that was handed in
    then says how far it came. Raises what `still_ours` does, which is called after each page.
    """
    report = report if report is not None else CaptureReport()

    def on_page(_rows: list[ListedRow]) -> None:
        still_ours()

    async def run() -> Look:
        begin = monotonic()
        if limits.keep is not None:
            remove_old_evidence(limits.keep)
        evidence = Evidence(site, last, limits.keep)
        report.evidence = evidence.folders
        async with portal_session(site, limits, last, evidence) as session:
            pqr_list = PqrList(session)
            try:
                wanted = Filter(FINALIZADO, first, last)
                look = await wider_look(session, pqr_list, wanted, on_page)
                report.looks = 1
                if not look.whole:
                    look = _both(look, await wider_look(session, pqr_list, wanted, on_page))
                    report.looks = 2
                report.listed, report.repeated = look.rows, look.repeated
                return look
            finally:
                report.page_turns, report.logins = pqr_list.page_turns, session.logins
                report.seconds = monotonic() - begin

    return asyncio.run(run())


def _both(first: Look, second: Look) -> Look:
    """The second look; where it isn't whole by itself either, with what only the first one saw."""
    if second.whole or second.agrees_with(first):
        return second
    return Look(first.rows | second.rows, second.total, False, second.repeated, second.page_turns)
