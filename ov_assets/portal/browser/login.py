"""The login page: its popup, its picky fields, and what its answer to the password means."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page, Response
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.requests import kind_of, raise_for_status
from ov_assets.portal.browser.tab import POLL_MS
from ov_assets.portal.errors import (
    AccessBlocked,
    LayoutChanged,
    LoginRejected,
    LoginUnanswered,
    OtpRequired,
    PortalDown,
    PortalError,
)
from ov_assets.portal.pages_file import Pages
from ov_assets.portal.site import Site

ELEMENTS = ("login.username", "login.password", "login.submit")
TYPING_TRIES = 3
CLICK_TRIES = 5
CLICK_TIMEOUT_MS = 2_000


async def close_popup(page: Page, pages: Pages) -> None:
    """Take the notice away if it covers the page: by its own close link, else by removing it."""
    popup = page.locator(pages["popup.box"]).first
    if not await popup.is_visible():
        return
    for selector in pages.words("popup.close"):
        link = popup.locator(selector).first
        if await link.count():
            await link.dispatch_event("click")
            try:
                await popup.wait_for(state="hidden", timeout=CLICK_TIMEOUT_MS)
            except PlaywrightTimeout:
                continue
            return
    await page.evaluate(
        "(selector) => document.querySelectorAll(selector).forEach((node) => node.remove())",
        f"{pages['popup.box']}, {pages['popup.backdrop']}",
    )


async def keep_popup_away(page: Page, pages: Pages) -> None:
    """Close the notice whenever it stands in the way of a click, however late it comes."""

    async def close() -> None:
        await close_popup(page, pages)

    await page.add_locator_handler(page.locator(pages["popup.box"]), close, no_wait_after=True)


async def _type(page: Page, site: Site, selector: str, text: str) -> None:
    """Type as a person does and read it back: the page drops keys, and a short password locks accounts."""
    box = page.locator(selector)
    for _ in range(TYPING_TRIES):
        await box.focus()
        await box.clear()
        await box.press_sequentially(text, delay=site.pages.number("limits.login_key_delay_ms"))
        if await box.input_value() == text:
            return
    await box.fill(text)
    if await box.input_value() != text:
        raise LayoutChanged(site.company.slug, f"the login field {selector} doesn't keep what is typed")


async def _submit(page: Page, site: Site) -> None:
    """Click the button; the popup may come up at any moment and swallow the click."""
    submit = site.pages["login.submit"]
    for _ in range(CLICK_TRIES):
        await close_popup(page, site.pages)
        try:
            # Waiting for the answer is not its part: one that came late would have the password sent again.
            await page.locator(submit).click(timeout=CLICK_TIMEOUT_MS, no_wait_after=True)
        except PlaywrightTimeout:
            continue
        return
    raise LayoutChanged(site.company.slug, f"the login button {submit} can't be clicked")


async def log_in(page: Page, site: Site, timeout_s: float, on_submit: Callable[[], None]) -> None:
    """Log in on a page that shows the login form, and leave that page. One attempt, whatever its outcome.

    timeout_s: for what isn't the answer to the password, for which a page of the company has its own time.
    on_submit: called right before the password is sent. Raises LoginRejected, LoginUnanswered, OtpRequired,
    AccessBlocked, LayoutChanged or PortalDown.
    """
    company, pages = site.company.slug, site.pages
    username, password, submit = (pages[name] for name in ELEMENTS)
    try:
        await page.locator(username).wait_for(timeout=timeout_s * 1000)
    except PlaywrightTimeout:
        raise LayoutChanged(company, f"the login page has no {username}") from None
    for selector in (password, submit):
        if not await page.locator(selector).count():
            raise LayoutChanged(company, f"the login page has no {selector}")
    await _type(page, site, username, site.username)
    await _type(page, site, password, site.password)
    refusal: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
    answered = asyncio.Event()

    def on_response(response: Response) -> None:
        request = response.request
        if request.frame != page.main_frame or not site.owns(response.url):
            return
        is_page = request.is_navigation_request()
        if response.ok and (is_page or request.method == "POST"):  # a redirection's page may never come
            answered.set()
        if is_page and response.status >= 400 and not refusal.done():
            refusal.set_result(response)

    page.on("response", on_response)
    notices = await page.evaluate(pages.script("login_notices"))
    on_submit()
    await _submit(page, site)
    outcome = await _outcome(page, pages, notices, refusal, answered, timeout_s)
    page.remove_listener("response", on_response)
    if isinstance(outcome, Response) and not site.is_login(outcome.url):
        return  # the password was taken; what it led to failed by itself
    if isinstance(outcome, Response):
        try:
            raise_for_status(company, outcome.status, outcome.headers.get("retry-after"))
            raise PortalDown(company, f"HTTP {outcome.status} to the login")
        except PortalError as error:
            error.step = f"{outcome.request.method} {kind_of(outcome.url)}"
            raise
    if outcome is None and answered.is_set() and await page.locator(submit).is_visible():
        # Its words may be new to us; sending the password again is what locks an account.
        raise LoginRejected(company, "the portal answered the login with its login page again")
    if outcome is None:
        raise LoginUnanswered(company, "the login got no answer")
    if outcome == "rejected":
        raise LoginRejected(company, "the portal refused the login")
    if outcome == "otp":
        raise OtpRequired(company, "the portal asks for a code sent by e-mail")
    if outcome == "blocked":
        raise AccessBlocked(company, "the edge blocked the login")


async def _outcome(
    page: Page,
    pages: Pages,
    notices: list[str],
    refusal: asyncio.Future[Response],
    answered: asyncio.Event,
    words_within_s: float,
) -> str | Response | None:
    """What the page says the login led to, or the server's refusal, whichever comes first; None: neither."""

    async def shown() -> str | None:
        with contextlib.suppress(PlaywrightTimeout):
            handle = await page.wait_for_function(
                pages.script("login_outcome"), arg=notices, timeout=0, polling=POLL_MS
            )
            return str(await handle.json_value())
        return None

    async def in_vain() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(answered.wait(), pages.number("limits.page_timeout_s"))
            await asyncio.sleep(words_within_s)

    watching, patience = asyncio.ensure_future(shown()), asyncio.ensure_future(in_vain())
    try:
        either: set[asyncio.Future[Any]] = {watching, refusal, patience}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if refusal.done():
            return refusal.result()
        return watching.result() if watching.done() else None
    finally:
        watching.cancel()
        patience.cancel()
