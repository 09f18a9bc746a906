"""Whether each selector and label that the capture relies on still holds, page by page."""

import contextlib
from collections.abc import Iterable
from datetime import date, timedelta

from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.kept_session import KeptSession
from ov_assets.portal.browser.login import ELEMENTS as LOGIN_ELEMENTS
from ov_assets.portal.browser.session import PortalSession, portal_session
from ov_assets.portal.contract import Finding, look_for
from ov_assets.portal.errors import DetailMissing, FilterNotApplied, LayoutChanged, PortalError
from ov_assets.portal.pages.detail import ELEMENTS as DETAIL_ELEMENTS
from ov_assets.portal.pages.detail import DetailTab
from ov_assets.portal.pages.list import ELEMENTS as LIST_ELEMENTS
from ov_assets.portal.pages.list import PqrList
from ov_assets.portal.pages.look import FINALIZADO, Filter
from ov_assets.portal.pages.reading import OPTIONAL, READ_DETAIL
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Limits, Site
from ov_assets.pqr.record import FIELDS, field_name

PAGES = ("login", "list", "detail")
SAMPLE = timedelta(days=30)  # the list's columns are read from the first page of so many days


async def examine(site: Site, limits: Limits, today: date) -> list[Finding]:
    """Log in and look at the login, list and detail page. Raises PortalError where it can't get that far.

    The login is its own: a kept session would hide a password that is good no more.
    """
    KeptSession(site, limits.keep).forget()
    findings: list[Finding] = []
    async with portal_session(site, limits, today) as session:
        findings += await _login_page(session)
        pqr_list = PqrList(session)
        try:
            tab = await pqr_list.open()
        except LayoutChanged as error:
            return [*findings, _broken("list", error)]
        findings += await look_for(tab.page, "list", LIST_ELEMENTS)
        try:
            rows = await pqr_list.first_page(Filter(FINALIZADO, today - SAMPLE, today))
        except (LayoutChanged, FilterNotApplied) as error:
            return [*findings, _broken("list", error)]
        findings.append(
            Finding("list", "rows with columns", "tbody.md-body tr.md-row", bool(rows), str(len(rows)))
        )
        if rows:
            findings += await _detail_page(session, rows[0])
    return findings


def _broken(page: str, error: PortalError) -> Finding:
    return Finding(page, "layout", "", False, error.what)


async def _login_page(session: PortalSession) -> Iterable[Finding]:
    """The login form shows to anybody, logged in or not."""
    tab = await session.new_tab("rows")
    try:
        await session.goto(tab, session.site.login_url)
        with contextlib.suppress(PlaywrightTimeout):  # the findings say so
            await tab.page.locator(LOGIN_ELEMENTS[0].selector).wait_for(
                timeout=session.limits.answer_timeout_s * 1000
            )
        return await look_for(tab.page, "login", LOGIN_ELEMENTS)
    finally:
        await tab.close()


async def _detail_page(session: PortalSession, row: ListedRow) -> Iterable[Finding]:
    """One PQR's page: its elements, and a finding a label."""
    detail = DetailTab(session)
    try:
        await detail.show(row)
    except (DetailMissing, LayoutChanged) as error:
        return [_broken("detail", error)]
    try:
        assert detail.tab is not None
        findings = await look_for(detail.tab.page, "detail", DETAIL_ELEMENTS)
        reading = await detail.tab.page.evaluate(READ_DETAIL)
        shown = {field_name(label) for label, _ in reading["pairs"]}
        for name in FIELDS:
            holds = name in shown or name in OPTIONAL
            found = "1" if name in shown else "0 (optional)" if name in OPTIONAL else "0"
            findings.append(Finding("detail", f"label of {name}", "td.text-td-label", holds, found))
        return findings
    finally:
        await detail.close()
