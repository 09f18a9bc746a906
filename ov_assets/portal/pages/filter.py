"""The filter panel of the list page: opened, set, and read back before anything is searched for."""

import re
from datetime import datetime

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.contract import Element
from ov_assets.portal.errors import DayRefused, FilterNotApplied, LayoutChanged
from ov_assets.portal.pages.controls import CONTROL_TIMEOUT_MS
from ov_assets.portal.pages.look import Filter
from ov_assets.portal.scripts import POLL_MS, script
from ov_assets.timezone import BOGOTA

TOGGLE = "a.accordion-toggle"
ESTADO = 'md-select[ng-model="filtros.Estado"]'
FROM, TO = (f'md-datepicker[ng-model="filtros.{name}"]' for name in ("fechaInicial", "fechaFinal"))
DATE_INPUT = "input.md-datepicker-input"
SEARCH = 'button[ng-click="Search()"], button[aria-label="Buscar"]'
OPTION = ".md-select-menu-container.md-active md-option"
BACKDROP = "md-backdrop.md-select-backdrop"
ELEMENTS = (
    Element("filter panel", TOGGLE),
    Element("filter Estado", ESTADO),
    Element("filter Fecha inicial", f"{FROM} {DATE_INPUT}"),
    Element("filter Fecha final", f"{TO} {DATE_INPUT}"),
    Element("button Buscar", SEARCH),
)
KEY_DELAY_MS = 30
FILTER_STATE = script("filter_state")
FILTER_IS = f"""
([selectors, wanted]) => JSON.stringify(({FILTER_STATE})(selectors)) === JSON.stringify(wanted)
"""


async def open_filter(page: Page) -> None:
    """Unfold the panel if it is folded."""
    if not await page.locator(ESTADO).first.is_visible():
        await page.locator(TOGGLE, has_text="Filtrar").first.click(timeout=CONTROL_TIMEOUT_MS)


async def set_filter(page: Page, company: str, wanted: Filter, ways: dict[str, str]) -> None:
    """Set the three controls of the open panel. Raises LayoutChanged, FilterNotApplied, DayRefused.

    ways: how the date boxes take a day, `fill` or `type`; noted once it is known.
    """
    shown = [wanted.estado, wanted.first.isoformat(), wanted.last.isoformat()]
    first_way = ways.get(DATE_INPUT, "fill")
    for way in (first_way, "type" if first_way == "fill" else "fill", first_way):
        await _choose_estado(page, company, wanted.estado)
        await _enter(page, FROM, wanted.first.isoformat(), way)
        await _enter(page, TO, wanted.last.isoformat(), way)
        try:
            await page.wait_for_function(
                FILTER_IS, arg=[[ESTADO, FROM, TO], shown], timeout=CONTROL_TIMEOUT_MS, polling=POLL_MS
            )
        except PlaywrightTimeout:
            continue
        ways[DATE_INPUT] = way
        return
    if wanted.last > datetime.now(BOGOTA).date():
        raise DayRefused(company, "the filter doesn't keep a day that is still to come", day=wanted.last)
    raise FilterNotApplied(company, "the filter controls don't keep what is set", day=wanted.first)


async def _enter(page: Page, picker: str, day: str, way: str) -> None:
    box = page.locator(f"{picker} {DATE_INPUT}")
    if way == "fill":
        await box.fill(day)
        return
    await box.click()
    await box.press("Control+a")
    await box.press_sequentially(day, delay=KEY_DELAY_MS)
    await box.press("Tab")


async def _choose_estado(page: Page, company: str, estado: str) -> None:
    """Once; whether it took is read back with the dates. Raises LayoutChanged if the option is missing."""
    box = page.locator(ESTADO)
    if (await box.locator(".md-select-value, md-select-value").first.inner_text()).strip() == estado:
        return
    await box.click()
    option = page.locator(OPTION, has_text=re.compile(rf"^\s*{re.escape(estado)}\s*$"))
    try:
        await option.first.click(timeout=CONTROL_TIMEOUT_MS)
        await page.locator(BACKDROP).first.wait_for(state="detached", timeout=CONTROL_TIMEOUT_MS)
    except PlaywrightTimeout:
        if await page.locator(OPTION).count() and not await option.count():
            raise LayoutChanged(company, f"the filter «Estado» has no option «{estado}»") from None
        await page.keyboard.press("Escape")  # slow to open or to close, which is no other page: try again
