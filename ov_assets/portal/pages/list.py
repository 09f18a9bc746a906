"""The list page: its filters, read back before the search and checked after it, and its pages."""

import json
from collections.abc import Callable

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.login import close_popup
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.contract import Element, look_for, missing
from ov_assets.portal.errors import FilterNotApplied, LayoutChanged, ListUnstable, PortalDown, SessionExpired
from ov_assets.portal.pages import filter as list_filter
from ov_assets.portal.pages.columns import listed_rows
from ov_assets.portal.pages.filter import CONTROL_TIMEOUT_MS, ESTADO, SEARCH, TOGGLE
from ov_assets.portal.pages.look import Filter, Look
from ov_assets.portal.row import ListedRow
from ov_assets.portal.scripts import POLL_MS, script

READ_LIST = script("read_list")
NEXT, PREVIOUS = 'button[aria-label="Next"]', 'button[aria-label="Previous"]'
EYE = 'a[tooltip="Ver PQR"], a[href*="Detail/"]'
ELEMENTS = (
    *list_filter.ELEMENTS,
    Element("table", "table.md-table tbody.md-body"),
    Element("footer", "md-table-pagination .label, .md-table-pagination .label"),
    Element("button Next", NEXT),
    Element("button Previous", PREVIOUS),
)
OnPage = Callable[[list[ListedRow]], None]
PAGE_ROWS = 10
CLICK_TRIES = 3
CLICK_ANSWERED_WITHIN_S = 1.5

# The footer's range changes before the rows do: the rows must fit the range and be other ones than before.
PAGE_READY = f"""
([lower, seen]) => {{
  const page = ({READ_LIST})();
  if (!page.range) return null;
  const [from, to] = page.range;
  const fits = page.rows.length === (to === 0 ? 0 : to - from + 1);
  const fresh = seen === null || JSON.stringify(page.rows.map((row) => row.href)) !== seen;
  return fits && fresh && (lower === null || from === lower) ? page : null;
}}
"""


class PqrList:
    """The list page in a tab of its own, which never leaves it."""

    def __init__(self, session: PortalSession) -> None:
        self._session = session
        self._tab: Tab | None = None
        self._filter: Filter | None = None
        self._unfiltered_total: int | None = None
        self.page_turns = 0

    @property
    def tab(self) -> Tab | None:
        return self._tab

    @property
    def _company(self) -> str:
        return self._session.company

    async def look(self, wanted: Filter, on_page: OnPage = lambda rows: None) -> Look:
        """Search (again) and walk every page once. on_page: is given the rows of each page as it comes."""
        tab = await self.open()
        if self._filter != wanted:
            await self._set_filter(tab, wanted)
        await self._search(tab, wanted)
        return await self._walk(tab, wanted, on_page)

    async def first_page(self, wanted: Filter) -> list[ListedRow]:
        """Search and read the first page only."""
        tab = await self.open()
        await self._set_filter(tab, wanted)
        await self._search(tab, wanted)
        return listed_rows(self._company, await self._page(tab, None, None), wanted.estado)

    async def close(self) -> None:
        """Drop the tab; the next look opens a new one and sets the filter again."""
        if self._tab is not None:
            await self._tab.close()
        self._tab, self._filter = None, None

    async def open(self) -> Tab:
        """The tab at the list; filled, but not yet filtered, when it is new."""
        if self._tab is not None and not self._tab.page.is_closed():
            return self._tab
        tab, self._filter = await self._session.new_tab("rows"), None
        self._tab = tab
        mark = tab.watch.mark()
        await self._session.goto(tab, self._session.site.list_url)
        await self._present(tab.page, TOGGLE)
        await tab.watch.settled(
            mark, self._session.limits.answer_timeout_s, start_within_s=self._session.limits.answer_timeout_s
        )
        tab.watch.raise_failures()
        await close_popup(tab.page)
        snapshot = await tab.page.evaluate(READ_LIST)
        self._unfiltered_total = snapshot["range"][2] if snapshot["range"] else None
        if self._unfiltered_total == 0:
            raise PortalDown(self._company, "the portal lists nothing at all, for no day")
        return tab

    async def _present(self, page: Page, selector: str) -> None:
        try:
            await page.locator(selector).first.wait_for(timeout=self._session.limits.answer_timeout_s * 1000)
        except PlaywrightTimeout:
            raise LayoutChanged(self._company, f"the list page has no {selector}") from None

    async def _set_filter(self, tab: Tab, wanted: Filter) -> None:
        await list_filter.open_filter(tab.page)
        await self._present(tab.page, ESTADO)
        if lost := missing(await look_for(tab.page, "list", ELEMENTS)):
            raise LayoutChanged(self._company, f"the list page has no {lost}")
        await list_filter.set_filter(tab.page, self._company, wanted)
        self._filter = wanted

    async def _search(self, tab: Tab, wanted: Filter) -> None:
        mark = await self._click(tab, SEARCH)
        if mark is None:
            raise FilterNotApplied(self._company, "«Buscar» asks the portal for nothing", day=wanted.first)
        tab.watch.raise_failures(wanted.first)
        page = await self._page(tab, None, None)
        self._check_total(page["range"][2], wanted)
        while page["range"][0] > 1:  # a search need not go back to the first page
            lower = page["range"][0]
            await self._click(tab, PREVIOUS)
            page = await self._page(tab, None, None)
            if page["range"][0] >= lower:
                raise ListUnstable(
                    self._company, "the list doesn't go back to its first page", day=wanted.first
                )

    def _check_total(self, total: int, wanted: Filter) -> None:
        """A total that the filter can't have led to: stop before walking a third of a million rows."""
        days = (wanted.last - wanted.first).days + 1
        unchanged = total == self._unfiltered_total and total > PAGE_ROWS * days
        if unchanged or total > self._session.limits.rows_per_day_max * days:
            raise FilterNotApplied(self._company, f"«Buscar» leaves {total} rows", day=wanted.first)

    async def _click(self, tab: Tab, selector: str) -> int | None:
        """Click until a request follows; returns the mark before it, or None if none ever did."""
        limits = self._session.limits
        for _ in range(CLICK_TRIES):
            await self._session.pace.turn()
            mark = tab.watch.mark()
            try:
                await tab.page.locator(selector).first.click(timeout=CONTROL_TIMEOUT_MS)
            except PlaywrightTimeout:
                await close_popup(tab.page)
                continue
            if await tab.watch.settled(mark, limits.answer_timeout_s, start_within_s=CLICK_ANSWERED_WITHIN_S):
                return mark
        return None

    async def _page(self, tab: Tab, lower: int | None, seen: str | None) -> dict:
        """The page of rows that is on show once it is whole."""
        timeout_ms = self._session.limits.answer_timeout_s * 1000
        try:
            handle = await tab.page.wait_for_function(
                PAGE_READY, arg=[lower, seen], timeout=timeout_ms, polling=POLL_MS
            )
        except PlaywrightTimeout:
            tab.watch.raise_failures()
            if tab.at_login:
                raise SessionExpired(self._company, "the list page went to the login") from None
            snapshot = await tab.page.evaluate(READ_LIST)
            if not snapshot["hasTable"] or not snapshot["range"]:
                raise LayoutChanged(self._company, "the list page has no table with a footer") from None
            if snapshot["withoutLink"]:
                raise LayoutChanged(self._company, f"rows of the list have no {EYE}") from None
            raise ListUnstable(self._company, "the rows don't fit the footer's range") from None
        return await handle.json_value()

    async def _walk(self, tab: Tab, wanted: Filter, on_page: OnPage) -> Look:
        rows: dict[str, ListedRow] = {}
        repeated: list[str] = []
        totals: set[int] = set()
        turns = came = 0
        page = await self._page(tab, None, None)
        while True:
            _, upper, total = page["range"]
            totals.add(total)
            shown = listed_rows(self._company, page, wanted.estado)
            for row in shown:
                self._check_filter(row, wanted)
                came += 1
                if row.numero_radicado in rows:
                    repeated.append(row.numero_radicado)
                rows[row.numero_radicado] = row
            on_page(shown)
            if upper >= total:
                break
            if not page["hasNext"]:
                raise ListUnstable(self._company, f"Next ends at row {upper} of {total}", day=wanted.first)
            seen = json.dumps(
                [row["href"] for row in page["rows"]], ensure_ascii=False, separators=(",", ":")
            )
            await self._next(tab, page["range"][0], wanted)
            page = await self._page(tab, upper + 1, seen)
            turns += 1
        self.page_turns += turns
        steady = len(totals) == 1 and came == total
        return Look(rows, total, steady, tuple(repeated), turns)

    async def _next(self, tab: Tab, lower: int, wanted: Filter) -> None:
        """One page forward, never two: a click that moved the footer isn't repeated."""
        limits = self._session.limits
        for _ in range(CLICK_TRIES):
            await self._session.pace.turn()
            mark = tab.watch.mark()
            await tab.page.locator(NEXT).first.dispatch_event("click", timeout=CONTROL_TIMEOUT_MS)
            asked = await tab.watch.settled(
                mark, limits.answer_timeout_s, start_within_s=CLICK_ANSWERED_WITHIN_S
            )
            tab.watch.raise_failures(wanted.first)
            if asked:
                return
            shown = (await tab.page.evaluate(READ_LIST))["range"]
            if shown and shown[0] != lower:
                return
        raise PortalDown(self._company, "«Next» asks the portal for nothing", day=wanted.first)

    def _check_filter(self, row: ListedRow, wanted: Filter) -> None:
        """A row of another day or state means that the filter didn't take: stop before walking everything."""
        if row.estado != wanted.estado or not wanted.first <= row.day <= wanted.last:
            raise FilterNotApplied(
                self._company,
                f"the list shows radicado {row.numero_radicado} of {row.day} in state «{row.estado}»",
                day=wanted.first,
            )
