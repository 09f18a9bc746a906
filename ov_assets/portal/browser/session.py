"""One logged-in browser context per account: opened, renewed when it expires, recycled, closed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    Dialog,
    Playwright,
    ViewportSize,
    async_playwright,
)
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser import chromium
from ov_assets.portal.browser.blocking import Purpose, block_needless
from ov_assets.portal.browser.evidence import Evidence
from ov_assets.portal.browser.kept_session import KeptSession
from ov_assets.portal.browser.learnt import KeptLearnt
from ov_assets.portal.browser.login import close_popup, keep_popup_away, log_in
from ov_assets.portal.browser.login_guard import LoginGuard
from ov_assets.portal.browser.pace import Pace
from ov_assets.portal.browser.requests import PortalBusy, RequestsWatch, kind_of, raise_for_status
from ov_assets.portal.browser.retry import attempts
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.contract import check_overlay
from ov_assets.portal.errors import (
    AccessBlocked,
    LayoutChanged,
    LoginRejected,
    LoginUnanswered,
    PortalDown,
    PortalError,
    PortalMoved,
    SessionExpired,
)
from ov_assets.portal.site import Limits, Site

VIEWPORT: ViewportSize = {"width": 1366, "height": 900}
# A browser that hangs has no time-out of its own for everything.
START_TIMEOUT_S, ANSWER_TIMEOUT_S, LOGIN_TIMEOUT_S, BROWSER_CLOSE_TIMEOUT_S = 60.0, 20.0, 300.0, 20.0
SENDS_IN_VAIN_MAX = 2
LIST_SHOWS_AFTER_S = (0.0, 1.0, 2.0, 4.0)


def browser_failed(company: str, error: PlaywrightError | TimeoutError) -> PortalDown:
    """A failure of the browser under a name of ours: its own message tells what was being typed."""
    return PortalDown(company, f"the browser failed ({type(error).__name__})")


class PortalSession:
    """A browser logged in to one portal. Get one with `portal_session`."""

    def __init__(self, playwright: Playwright, site: Site, limits: Limits, evidence: Evidence) -> None:
        self.site, self.limits, self.evidence = site, limits, evidence
        self.pace = Pace(limits.min_interval_s)
        self.logins = 0
        self.opened_details = 0
        self.learnt = KeptLearnt(site, limits.keep).load()
        self._playwright = playwright
        self._kept = KeptSession(site, limits.keep)
        self._guard = LoginGuard(site, limits.keep)
        self._browser: Browser | None = None
        self._context: BrowserContext | None = None
        self._renewing = asyncio.Lock()
        self._unanswered: LoginUnanswered | None = None
        self._sent_in_vain = 0

    @property
    def company(self) -> str:
        return self.site.company.slug

    @property
    def context(self) -> BrowserContext:
        """The browser's, for who only listens; another one after `recycle`."""
        assert self._context is not None
        return self._context

    async def open(self, before_login: Callable[["PortalSession"], Awaitable[None]] | None = None) -> None:
        """Start the browser; log in unless the kept session still holds."""
        state = self._kept.load()
        await self._start(state)
        if self.site.pages.laid_over:
            assert self._context is not None
            blank = await self._context.new_page()
            await check_overlay(blank, self.site.pages)
            await blank.close()
        if before_login is not None:
            await before_login(self)
        async for attempt in attempts():
            with attempt:
                if state is None or not await self._still_logged_in():
                    state = None
                    await self._log_in()

    async def _start(self, storage_state: Any = None) -> None:
        async with asyncio.timeout(START_TIMEOUT_S):
            self._browser = await chromium.launch(self._playwright, self.limits.chromium)
            self._context = await self._browser.new_context(
                locale="es-CO",
                timezone_id="America/Bogota",
                viewport=VIEWPORT,
                storage_state=storage_state,
                accept_downloads=True,
            )
        self._context.set_default_timeout(self.site.pages.number("limits.page_timeout_s") * 1000)
        self.opened_details = 0

    async def close(self) -> None:
        """Bounded: a browser that can't end by itself ends with the driver, or with this process."""
        if self._browser is not None:
            with contextlib.suppress(TimeoutError, PlaywrightError):
                await asyncio.wait_for(self._browser.close(), BROWSER_CLOSE_TIMEOUT_S)

    async def recycle(self) -> None:
        """A fresh browser with the same session: a long-lived context grows, and one that crashed is gone."""
        assert self._context is not None
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                state: Any = await self._context.storage_state()
        except (PlaywrightError, TimeoutError):
            state = self._kept.load()
        await self.close()
        await self._start(state)

    async def revive(self) -> None:
        """A fresh browser if this one has died."""
        assert self._browser is not None
        async with self._renewing:
            if not self._browser.is_connected():
                await self.recycle()

    @property
    def worn_out(self) -> bool:
        """Whether the browser has shown so many details, or grown so large, that a fresh one is better."""
        if self.opened_details >= self.limits.recycle_after_details:
            return True
        due = self.opened_details and self.opened_details % chromium.WEIGH_EVERY_DETAILS == 0
        return bool(due) and chromium.tree_bytes() > self.limits.recycle_above_bytes

    async def new_tab(self, purpose: Purpose = "print") -> Tab:
        assert self._context is not None
        page = await self._context.new_page()
        tab = Tab(page, self.site, RequestsWatch(page, self.site))

        async def accept(dialog: Dialog) -> None:
            await dialog.accept()

        page.on("dialog", accept)
        page.on("console", lambda message: tab.console.update([message.type]))
        page.on("pageerror", lambda _: tab.console.update(["pageerror"]))
        await block_needless(page, purpose)
        if purpose == "rows":
            await keep_popup_away(page, self.site.pages)
        return tab

    async def goto(self, tab: Tab, url: str) -> None:
        """Load a page of the portal. Raises PortalDown, AccessBlocked or SessionExpired by what comes."""
        await self.pace.turn()
        try:
            response = await tab.page.goto(url, wait_until="domcontentloaded")
        except PlaywrightTimeout:
            raise PortalDown(self.company, "no answer to a page request") from None
        except PlaywrightError as error:
            code = next((word for word in error.message.split() if word.startswith("net::")), "no connection")
            raise PortalDown(self.company, f"{urlsplit(url).netloc} does not answer ({code})") from None
        if not self.site.owns(tab.page.url):
            raise PortalMoved(self.company, f"the portal leads to {urlsplit(tab.page.url).hostname}")
        if response is not None:
            self._judge(response.status, response.headers.get("retry-after"), kind_of(tab.page.url))
            if self.site.pages["login.blocked_text"] in (await tab.page.title()).lower():
                raise AccessBlocked(self.company, "the edge answers instead of the portal")
        if tab.at_login and not self.site.is_login(url):
            raise SessionExpired(self.company, "the portal went back to its login page")

    def _judge(self, status: int, retry_after: str | None, step: str) -> None:
        try:
            raise_for_status(self.company, status, retry_after)
        except PortalError as error:
            error.step = step
            if isinstance(error, PortalBusy):
                self.pace.pause(error.retry_after_s)
            raise

    async def shows_the_list(self) -> bool:
        """Whether the portal shows us the list, whatever it has just refused. Raises PortalDown."""
        try:
            return await self._still_logged_in()
        except (AccessBlocked, LayoutChanged):
            return False

    async def _still_logged_in(self) -> bool:
        """One request to the list page, not drawn: does the portal show it, or its login page?"""
        assert self._context is not None
        await self.pace.turn()
        try:
            answer = await self._context.request.get(self.site.list_url)
        except PlaywrightError:
            raise PortalDown(self.company, "no answer to a page request") from None
        try:
            self._judge(answer.status, answer.headers.get("retry-after"), kind_of(answer.url))
        except SessionExpired:
            return False
        if answer.status == HTTPStatus.NOT_FOUND:
            raise LayoutChanged(self.company, "there is no list page at its address (HTTP 404)")
        return answer.ok and self.site.owns(answer.url) and not self.site.is_login(answer.url)

    async def _log_in(self) -> None:
        """Raises what `log_in` raises; the same password is never sent again once it was refused twice.

        Nor is it in this session once nothing answered it.
        """
        assert self._context is not None
        if self.logins >= self.limits.logins_max:
            raise SessionExpired(self.company, f"the session ended after each of {self.logins} logins")
        if self._unanswered:
            raise self._unanswered
        if self._sent_in_vain >= SENDS_IN_VAIN_MAX:
            raise LoginUnanswered(self.company, f"{self._sent_in_vain} logins in a row failed")
        self._guard.check()
        sent = False

        def on_submit() -> None:
            nonlocal sent
            sent = True
            self._sent_in_vain += 1
            self._guard.sent()

        tab: Tab | None = None
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT_S):
                await self._context.clear_cookies()
                tab = await self.new_tab("rows")
                await self.goto(tab, self.site.login_url)
                await log_in(tab.page, self.site, self.limits.answer_timeout_s, on_submit)
                await self._make_sure()
                self.logins += 1
                self._sent_in_vain = 0
                self._guard.accepted()
                await close_popup(tab.page, self.site.pages)
                self._kept.save(await self._context.storage_state())
        except PortalError as error:
            if isinstance(error, LoginUnanswered):
                self._unanswered = error
            elif sent and not isinstance(error, PortalDown):
                self._guard.answered(refused=isinstance(error, LoginRejected))
            if isinstance(error, PortalBusy):
                self.pace.pause(error.retry_after_s)
            if tab is not None:
                await self.evidence.note(error, "login", tab.page, tab.console)
            raise
        except (PlaywrightError, TimeoutError) as error:
            failed = browser_failed(self.company, error)
            if sent:
                self._unanswered = failed = LoginUnanswered(self.company, failed.what)
            raise failed from None
        finally:
            if tab is not None:
                await tab.close()

    async def _make_sure(self) -> None:
        """That the login page is gone isn't yet a log-in: the list must show, too, if not at once.

        Raises LoginRejected or LoginUnanswered.
        """
        for pause_s in LIST_SHOWS_AFTER_S:
            await asyncio.sleep(pause_s)
            try:
                down = None
                if await self._still_logged_in():
                    return
            except PortalDown as error:
                down = error
        if down is not None:
            raise LoginUnanswered(self.company, down.what)
        raise LoginRejected(
            self.company, "the portal took the password and shows its login page, not the list"
        )

    def raise_lost(self, tab: Tab) -> None:
        """Raise why a page lacks what it should have, if that isn't its layout."""
        if tab.at_login:
            raise SessionExpired(self.company, "the page went to the login")
        if tab.watch.is_broken:
            raise PortalDown(self.company, "a script or a style sheet of the page didn't come")

    async def renew(self, logins_seen: int) -> None:
        """Log in again, once, however many tabs notice the expiry at the same time."""
        async with self._renewing:
            if self.logins == logins_seen:
                self._kept.forget()
                await self._log_in()


@asynccontextmanager
async def portal_session(
    site: Site,
    limits: Limits,
    day: date,
    evidence: Evidence | None = None,
    before_login: Callable[[PortalSession], Awaitable[None]] | None = None,
) -> AsyncIterator[PortalSession]:
    """A logged-in session; the browser is gone when the block ends, whatever happened in it.

    before_login: is given the session when its browser has started.
    """
    async with async_playwright() as playwright:
        session = PortalSession(playwright, site, limits, evidence or Evidence(site, day, limits.keep))
        try:
            await session.open(before_login)
            yield session
        except (PlaywrightError, TimeoutError) as error:
            raise browser_failed(session.company, error) from None
        finally:
            await session.close()
            KeptLearnt(site, limits.keep).save(session.learnt)
