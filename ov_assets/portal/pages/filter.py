"""The filter panel of the list page: opened, set, and read back before anything is searched for."""

import re
from datetime import datetime

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.tab import POLL_MS
from ov_assets.portal.errors import DayRefused, FilterNotApplied, LayoutChanged
from ov_assets.portal.pages.controls import CONTROL_TIMEOUT_MS
from ov_assets.portal.pages.look import FINALIZADO, Filter
from ov_assets.portal.pages_file import Pages
from ov_assets.portal.site import Site
from ov_assets.timezone import BOGOTA

ELEMENTS = (
    "filter.toggle",
    "filter.estado",
    "filter.from",
    "filter.to",
    "filter.date_input",
    "filter.search",
)


def shown_state(estado: str, pages: Pages) -> str:
    """What a portal calls a state."""
    return pages["filter.finalizado"] if estado == FINALIZADO else estado


async def open_filter(page: Page, pages: Pages) -> None:
    """Unfold the panel if it is folded."""
    if not await page.locator(pages["filter.estado"]).first.is_visible():
        toggle = page.locator(pages["filter.toggle"], has_text=pages["filter.toggle_text"])
        await toggle.first.click(timeout=CONTROL_TIMEOUT_MS)


async def set_filter(page: Page, site: Site, wanted: Filter, ways: dict[str, str]) -> None:
    """Set the three controls of the open panel. Raises LayoutChanged, FilterNotApplied, DayRefused.

    ways: how the date boxes take a day, `fill` or `type`; noted once it is known.
    """
    company, pages = site.company.slug, site.pages
    estado, first, last = shown_state(wanted.estado, pages), wanted.first.isoformat(), wanted.last.isoformat()
    is_set = f"(wanted) => JSON.stringify(({pages.script('filter_state')})()) === JSON.stringify(wanted)"
    date_input = pages["filter.date_input"]
    first_way = ways.get(date_input, "fill")
    for way in (first_way, "type" if first_way == "fill" else "fill", first_way):
        await _choose_estado(page, site, estado)
        await _enter(page, pages, "filter.from", first, way)
        await _enter(page, pages, "filter.to", last, way)
        try:
            await page.wait_for_function(
                is_set, arg=[estado, first, last], timeout=CONTROL_TIMEOUT_MS, polling=POLL_MS
            )
        except PlaywrightTimeout:
            continue
        ways[date_input] = way
        return
    if wanted.last > datetime.now(BOGOTA).date():
        raise DayRefused(company, "the filter doesn't keep a day that is still to come", day=wanted.last)
    raise FilterNotApplied(company, "the filter controls don't keep what is set", day=wanted.first)


async def _enter(page: Page, pages: Pages, picker: str, day: str, way: str) -> None:
    box = page.locator(pages[picker]).locator(pages["filter.date_input"])
    if way == "fill":
        await box.fill(day)
        return
    await box.click()
    await box.press("Control+a")
    await box.press_sequentially(day, delay=pages.number("limits.filter_key_delay_ms"))
    await box.press("Tab")


async def _choose_estado(page: Page, site: Site, estado: str) -> None:
    """Once; whether it took is read back with the dates. Raises LayoutChanged if the option is missing."""
    pages = site.pages
    box = page.locator(pages["filter.estado"])
    value = box.locator(pages["filter.estado_value"])
    if (await (value.first if await value.count() else box).inner_text()).strip() == estado:
        return
    await box.click()
    option = page.locator(pages["filter.option"], has_text=re.compile(rf"^\s*{re.escape(estado)}\s*$"))
    try:
        await option.first.click(timeout=CONTROL_TIMEOUT_MS)
        await page.locator(pages["filter.option_backdrop"]).first.wait_for(
            state="detached", timeout=CONTROL_TIMEOUT_MS
        )
    except PlaywrightTimeout:
        if await page.locator(pages["filter.option"]).count() and not await option.count():
            raise LayoutChanged(site.company.slug, f"the filter «Estado» has no option «{estado}»") from None
        await page.keyboard.press("Escape")  # slow to open or to close, which is no other page: try again
