"""What becomes of a fault: its name, what must be done before another try, and the try itself."""

from collections.abc import Awaitable, Callable

from playwright.async_api import Error as PlaywrightError

from ov_assets.portal.browser.requests import PortalBusy
from ov_assets.portal.browser.retry import attempts
from ov_assets.portal.browser.session import PortalSession, browser_failed
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.errors import PortalDown, PortalError, SessionExpired


def named(
    error: PortalError | PlaywrightError | TimeoutError, session: PortalSession, *, at_login: bool
) -> PortalError:
    """A fault of the browser under the name that it has for the portal."""
    if isinstance(error, PortalError):
        return error
    if at_login:
        return SessionExpired(session.company, "the portal went back to its login page")
    return browser_failed(session.company, error)


async def recover(session: PortalSession, fault: PortalError, logins_seen: int) -> None:
    """What must be done before another try: log in again, let the portal rest, start the browser anew."""
    if isinstance(fault, SessionExpired):
        await session.renew(logins_seen)
    elif isinstance(fault, PortalBusy):
        session.pace.pause(fault.retry_after_s)
    elif isinstance(fault, PortalDown):
        await session.revive()


async def patiently(
    session: PortalSession, tab: Tab, once: Callable[[PortalError | None], Awaitable[dict]]
) -> dict:
    """Take one step on a page that stays open, again if it fails in passing; it is given the last fault.

    Raises what isn't the step's alone: a page that went to the login has lost its place, and one whose
    session ended twice belongs to the old one.
    """
    fault: PortalError | None = None
    async for attempt in attempts():
        with attempt:
            logins, was_expired = session.logins, isinstance(fault, SessionExpired)
            try:
                return await once(fault)
            except PortalError as error:
                fault = error
                passes = isinstance(error, PortalDown) or (
                    isinstance(error, SessionExpired) and not was_expired
                )
                if is_the_steps := passes and not tab.at_login:
                    await recover(session, error, logins)
                    raise
        if not is_the_steps:
            raise fault
    raise AssertionError("stamina either returns or raises")
