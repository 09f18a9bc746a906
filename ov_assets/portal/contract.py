"""The contract with a portal's pages: what the capture relies on, asked for by its name in `pages.toml`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from ov_assets.portal.pages_file import Pages, PagesFileError

SECTIONS = ("login", "popup", "filter", "list", "detail", "evidence")
TEXTS = frozenset(
    {"login.blocked_text", "filter.toggle_text", "filter.finalizado"}
    | {"list.footer_range", "detail.not_yet_text"}
)
# Used through Playwright alone, so its own `:has-text("…")` will do; the page's scripts know CSS only.
NOT_IN_SCRIPTS = frozenset(
    {"login.username", "login.password", "login.submit"}
    | {"filter.toggle", "filter.search", "filter.option", "filter.option_backdrop"}
)
PageName = Literal["login", "list", "detail"]
ON_PAGE: dict[str, PageName] = {"login": "login", "detail": "detail", "labels": "detail"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one thing that the capture relies on is there.

    name: as `pages.toml` calls it, or a step that was tried. expected: its selector or words. found: how
    many, or what was seen instead. line: for a miss, what comes nearest on the page, as a line of an overlay.
    """

    name: str
    expected: str
    holds: bool
    found: str
    line: str = ""

    @property
    def page(self) -> PageName:
        return ON_PAGE.get(self.name.split(".")[0], "list")


async def look_for(page: Page, pages: Pages, names: Iterable[str]) -> list[Finding]:
    """One finding an element, in their order."""
    counts = [(name, await page.locator(pages[name]).count()) for name in names]
    return [Finding(name, pages[name], count > 0, str(count)) for name, count in counts]


def missing(findings: Sequence[Finding]) -> str:
    """What isn't there, for a message; empty if all is."""
    return ", ".join(f"{item.name} ({item.expected})" for item in findings if not item.holds)


async def check_overlay(page: Page, pages: Pages) -> None:
    """Raises PagesFileError for a selector of an overlay that is none; a blank page will do."""
    for name in sorted(pages.laid_over - TEXTS):
        value = pages.names[name]
        for selector in value if isinstance(value, tuple) else (value,):
            if name.split(".")[0] not in SECTIONS or not isinstance(selector, str):
                continue
            try:
                await page.locator(selector).count()
                if name not in NOT_IN_SCRIPTS:
                    await page.evaluate("(selector) => document.querySelectorAll(selector).length", selector)
            except PlaywrightError:
                raise PagesFileError(f"OV_PORTAL_PAGES: «{name}» is no CSS selector: {selector}") from None
