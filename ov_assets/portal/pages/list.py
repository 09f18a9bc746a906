"""The list page: its filters, read back before the search and checked after it, and its pages."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.login import close_popup
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.contract import look_for, missing
from ov_assets.portal.errors import FilterNotApplied, LayoutChanged, ListUnstable, PortalDown
from ov_assets.portal.pages import filter as list_filter
from ov_assets.portal.pages.columns import listed_rows
from ov_assets.portal.pages.look import Filter, Look
from ov_assets.portal.pages.patience import patiently
from ov_assets.portal.pages.table import Table
from ov_assets.portal.row import ListedRow

ELEMENTS = (*list_filter.ELEMENTS, "list.table", "list.footer", "list.next", "list.previous")
OnPage = Callable[[list[ListedRow]], None]
PAGE_ROWS = 10
SHOWN_WITHIN_S = 1.0


class PqrList:
    """The list page in a tab of its own, which never leaves it."""

    def __init__(self, session: PortalSession) -> None:
        self._session = session
        self._tab: Tab | None = None
        self._table: Table | None = None
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
        assert self._table is not None
        if self._filter != wanted:
            await self._set_filter(tab, wanted)
        return await self._walk(self._table, await self._search(tab, self._table, wanted), wanted, on_page)

    async def first_page(self, wanted: Filter) -> list[ListedRow]:
        """Search and read the first page only."""
        tab = await self.open()
        assert self._table is not None
        await self._set_filter(tab, wanted)
        return listed_rows(self._session.site, await self._search(tab, self._table, wanted), wanted.estado)

    async def turn_and_back(self, wanted: Filter) -> str:
        """One page on and back again, to see that it works; says how far it came. After `first_page`."""
        assert self._table is not None
        page = await self._table.page()
        if not page["hasNext"]:
            return "one page only"
        after = await self._table.turn(page, wanted.first)
        await self._table.return_to(page)
        return f"rows {after['range'][0]} to {after['range'][1]}, and back"

    async def close(self) -> None:
        """Drop the tab; the next look opens a new one and sets the filter again."""
        if self._tab is not None:
            await self._tab.close()
        self._tab = self._table = self._filter = None

    async def open(self) -> Tab:
        """The tab at the list; filled, but not yet filtered, when it is new."""
        if self._tab is not None and not self._tab.page.is_closed():
            return self._tab
        tab, self._filter = await self._session.new_tab("rows"), None
        self._tab, self._table = tab, Table(self._session, tab)
        mark = tab.watch.mark()
        await self._session.goto(tab, self._session.site.list_url)
        await self._present(tab, "filter.toggle")
        await self._at_rest(tab, self._table, mark)
        await close_popup(tab.page, tab.site.pages)
        shown = (await self._table.now())["range"]
        self._unfiltered_total = shown[2] if shown else None
        return tab

    async def _at_rest(self, tab: Tab, table: Table, mark: Counter[str]) -> None:
        """Wait for the unfiltered list, lest it come after the search, which says why if it doesn't."""
        timeout_s = self._session.limits.answer_timeout_s
        filled = asyncio.ensure_future(table.page())
        quiet = asyncio.ensure_future(tab.watch.settled(mark, timeout_s, start_within_s=timeout_s))
        try:
            await asyncio.wait({filled, quiet}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({filled}, timeout=SHOWN_WITHIN_S)
            if not self._session.learnt.lists:  # an empty page may be one that isn't filled yet
                await asyncio.wait({quiet})
        finally:
            filled.cancel()
            quiet.cancel()
            await asyncio.gather(filled, quiet, return_exceptions=True)
        if lists := self._session.learnt.lists:
            with contextlib.suppress(PortalDown):
                await tab.watch.settled(mark, timeout_s, of=lists)

    async def _present(self, tab: Tab, element: str) -> None:
        selector = tab.site.pages[element]
        timeout_ms = self._session.limits.answer_timeout_s * 1000
        try:
            await tab.page.locator(selector).first.wait_for(timeout=timeout_ms)
        except PlaywrightTimeout:
            self._session.raise_lost(tab)
            raise LayoutChanged(self._company, f"the list page has no {selector}") from None

    async def _set_filter(self, tab: Tab, wanted: Filter) -> None:
        await list_filter.open_filter(tab.page, tab.site.pages)
        await self._present(tab, "filter.estado")
        if lost := missing(await look_for(tab.page, tab.site.pages, ELEMENTS)):
            raise LayoutChanged(self._company, f"the list page has no {lost}")
        await list_filter.set_filter(tab.page, tab.site, wanted, self._session.learnt.ways)
        self._filter = wanted

    async def _search(self, tab: Tab, table: Table, wanted: Filter) -> dict:
        """The first page of what was searched for. A search that fails is made again."""
        page = await patiently(self._session, tab, lambda _: self._search_once(table, wanted))
        self._check_total(page["range"][2], wanted)
        return page

    async def _search_once(self, table: Table, wanted: Filter) -> dict:
        if not await table.click("filter.search"):
            raise FilterNotApplied(self._company, "«Buscar» asks the portal for nothing", day=wanted.first)
        table.raise_failures(wanted.first)
        page = await table.page()
        if not page["rows"]:
            page = await table.sure_of_empty(wanted.first)
        while page["range"][0] > 1:  # a search need not go back to the first page
            lower = page["range"][0]
            await table.click("list.previous")
            page = await table.page()
            if page["range"][0] >= lower:
                raise ListUnstable(
                    self._company, "the list doesn't go back to its first page", day=wanted.first
                )
        return page

    def _check_total(self, total: int | None, wanted: Filter) -> None:
        """A total that the filter can't have led to: stop before walking a third of a million rows."""
        if total is None:
            return
        days = (wanted.last - wanted.first).days + 1
        if total == self._unfiltered_total == 0:
            raise PortalDown(self._company, "the portal lists nothing at all, for no day")
        unchanged = total == self._unfiltered_total and total > PAGE_ROWS * days
        if unchanged or total > self._session.site.pages.number("limits.rows_per_day_max") * days:
            raise FilterNotApplied(self._company, f"«Buscar» leaves {total} rows", day=wanted.first)

    async def _walk(self, table: Table, page: dict, wanted: Filter, on_page: OnPage) -> Look:
        rows: dict[str, ListedRow] = {}
        repeated: list[str] = []
        totals: set[int | None] = set()
        turns = came = 0
        while True:
            _, upper, total = page["range"]
            totals.add(total)
            shown = listed_rows(self._session.site, page, wanted.estado)
            for row in shown:
                self._check_filter(row, wanted)
                came += 1
                if row.numero_radicado in rows:
                    repeated.append(row.numero_radicado)
                rows[row.numero_radicado] = row
            on_page(shown)
            if total is None and not page["hasNext"]:
                page = await table.as_last(page)
            if not page["hasNext"] if total is None else upper >= total:
                break
            self._check_total(came if total is None else None, wanted)
            if not page["hasNext"]:
                raise ListUnstable(self._company, f"Next ends at row {upper} of {total}", day=wanted.first)
            page = await table.turn(page, wanted.first)
            turns += 1
        self.page_turns += turns
        steady = len(totals) == 1 and total in {None, came}
        return Look(rows, came if total is None else total, steady, tuple(repeated), turns)

    def _check_filter(self, row: ListedRow, wanted: Filter) -> None:
        """A row of another day or state means that the filter didn't take: stop before walking everything."""
        if row.estado != wanted.estado or not wanted.first <= row.day <= wanted.last:
            raise FilterNotApplied(
                self._company,
                f"the list shows radicado {row.numero_radicado} of {row.day}, or of another state",
                day=wanted.first,
            )
