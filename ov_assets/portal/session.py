"""One logged-in browser context per account: opened, renewed when it expires, recycled, closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal import chromium
from ov_assets.portal.errors import AccessBlocked, PortalDown, SessionExpired
from ov_assets.portal.login import close_popup, log_in
from ov_assets.portal.pace import Pace
from ov_assets.portal.requests_watch import RequestsWatch, raise_for_status
from ov_assets.portal.site import Limits, Site

VIEWPORT = {"width": 1366, "height": 900}


@dataclass(slots=True)
class Tab:
    """A page of the context and the watch on its requests."""

    page: Page
    watch: RequestsWatch


class PortalSession:
    """A browser logged in to one portal. Get one with `portal_session`."""

    def __init__(self, browser_type, site: Site, limits: Limits) -> None:
        self.site, self.limits = site, limits
        self.pace = Pace(limits.min_interval_s)
        self.logins = 0
        self._playwright = browser_type
        self._browser: Browser | None = None
        self._context: BrowserContext | None = None
        self._renewing = asyncio.Lock()

    @property
    def company(self) -> str:
        return self.site.company.slug

    async def open(self) -> None:
        """Start the browser and log in."""
        await self._start()
        await self._log_in()

    async def _start(self, storage_state=None) -> None:
        self._browser = await chromium.launch(self._playwright, self.limits.chromium)
        self._context = await self._browser.new_context(
            locale="es-CO",
            timezone_id="America/Bogota",
            viewport=VIEWPORT,
            storage_state=storage_state,
            accept_downloads=True,
        )
        self._context.set_default_timeout(self.site.company.page_timeout_ms)

    async def close(self) -> None:
        if self._browser is not None:
            await self._browser.close()

    async def recycle(self) -> None:
        """A fresh browser with the same session: long-lived contexts grow."""
        assert self._context is not None
        state = await self._context.storage_state()
        await self.close()
        await self._start(state)

    async def new_tab(self) -> Tab:
        assert self._context is not None
        page = await self._context.new_page()
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        return Tab(page, RequestsWatch(page, self.company))

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
        if response is not None:
            if response.status == 403:
                raise AccessBlocked(self.company, "HTTP 403 from the edge")
            raise_for_status(self.company, response.status, response.headers.get("retry-after"))
        if "login" in urlsplit(tab.page.url).path.lower() and "login" not in urlsplit(url).path.lower():
            raise SessionExpired(self.company, "the portal went back to its login page")

    async def _log_in(self) -> None:
        tab = await self.new_tab()
        try:
            await self.goto(tab, self.site.login_url)
            await log_in(tab.page, self.site, self.limits.answer_timeout_s)
            self.logins += 1
            if self.site.company.has_popup:
                await close_popup(tab.page)
        finally:
            await tab.page.close()

    async def renew(self, logins_seen: int) -> None:
        """Log in again, once, however many tabs notice the expiry at the same time."""
        async with self._renewing:
            if self.logins == logins_seen:
                await self._log_in()


@asynccontextmanager
async def portal_session(site: Site, limits: Limits) -> AsyncIterator[PortalSession]:
    """A logged-in session; the browser is gone when the block ends, whatever happened in it."""
    async with async_playwright() as playwright:
        session = PortalSession(playwright, site, limits)
        try:
            await session.open()
            yield session
        finally:
            await session.close()
