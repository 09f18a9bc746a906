"""One tab of the browser, and what is known of it beyond what it shows."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from ov_assets.portal.browser.requests import RequestsWatch
from ov_assets.portal.site import Site

CLOSE_TIMEOUT_S = 3.0
# By the clock: a tab that isn't in front draws a frame a second only, and Playwright looks once a frame.
POLL_MS = 50


@dataclass(slots=True)
class Tab:
    """A page of the context, the watch on its requests, and how much its console said, by kind.

    names_seen, digests_seen: of the files that it has handed out, and may hand out once more, late.
    """

    page: Page
    site: Site
    watch: RequestsWatch
    console: Counter[str] = field(default_factory=Counter)
    names_seen: set[str] = field(default_factory=set)
    digests_seen: set[str] = field(default_factory=set)

    async def close(self) -> None:
        """Close the page; one that is just being sent elsewhere may never say that it is closed."""
        if not self.page.is_closed():
            with contextlib.suppress(TimeoutError, PlaywrightError):
                await asyncio.wait_for(self.page.close(), CLOSE_TIMEOUT_S)

    @property
    def at_login(self) -> bool:
        return self.site.is_login(self.page.url)
