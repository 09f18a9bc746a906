"""How a control of a page is used: as a person does, or by telling it that it was."""

from playwright.async_api import Locator
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.login import close_popup
from ov_assets.portal.browser.tab import Tab

CONTROL_TIMEOUT_MS = 5_000


async def use(tab: Tab, control: Locator, way: str) -> bool:
    """Click a control by hand (`pointer`) or tell it that it was clicked (`event`). False: it is covered."""
    if way == "event":
        await control.dispatch_event("click", timeout=CONTROL_TIMEOUT_MS)
        return True
    try:
        await control.click(timeout=CONTROL_TIMEOUT_MS)
    except PlaywrightTimeout:
        await close_popup(tab.page, tab.site.pages)
        return False
    return True
