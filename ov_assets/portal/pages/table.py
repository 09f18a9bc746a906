"""The table of the list page: read when it is whole, moved by its buttons, and what brings its rows."""

import contextlib
import json
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import POLL_MS, Tab
from ov_assets.portal.errors import LayoutChanged, ListUnstable, PortalDown, PortalError, SessionExpired
from ov_assets.portal.pages.controls import use
from ov_assets.portal.pages.patience import patiently
from ov_assets.portal.pages_file import Pages

CLICK_TRIES = 4
CLICK_ANSWERED_WITHIN_S = 1.5
SHOWN_AFTER_FAILURE_WITHIN_S = 1.0
NUMBER_DIGITS_MIN = 4

# The footer's range changes before the rows do: the rows must fit the range and be other ones than before.
PAGE_READY = """
([lower, seen]) => {
  const page = (READ_LIST)();
  if (!page.range) return null;
  const [from, to] = page.range;
  const fits = page.rows.length === (to === 0 ? 0 : to - from + 1);
  const fresh = seen === null || JSON.stringify(page.rows.map((row) => row.href)) !== seen;
  return fits && fresh && (lower === null || from === lower) ? page : null;
}
"""


def page_ready(pages: Pages) -> str:
    """Gives the page of the list once it is whole; null before."""
    return PAGE_READY.replace("READ_LIST", pages.script("read_list"))


def _hrefs(page: dict) -> str:
    return json.dumps([row["href"] for row in page["rows"]], ensure_ascii=False, separators=(",", ":"))


class Table:
    """The table in a tab that stands at the list."""

    def __init__(self, session: PortalSession, tab: Tab) -> None:
        self._session, self._tab = session, tab
        self._noise: frozenset[str] = frozenset()
        self._mark: Counter[str] = Counter()

    @property
    def _company(self) -> str:
        return self._session.company

    @property
    def _pages(self) -> Pages:
        return self._session.site.pages

    @property
    def _answer_s(self) -> float:
        return self._session.limits.answer_timeout_s

    async def now(self) -> dict:
        """What is on show, whole or not."""
        snapshot: dict = await self._tab.page.evaluate(self._pages.script("read_list"))
        return snapshot

    async def page(
        self, lower: int | None = None, seen: str | None = None, within_s: float | None = None
    ) -> dict:
        """The page of rows on show once it is whole, begins at `lower` and isn't the one that was seen."""
        timeout_ms = (self._answer_s if within_s is None else within_s) * 1000
        try:
            handle = await self._tab.page.wait_for_function(
                page_ready(self._pages), arg=[lower, seen], timeout=timeout_ms, polling=POLL_MS
            )
        except PlaywrightTimeout:
            await self._explain()
            raise AssertionError("it always raises") from None
        page: dict = await handle.json_value()
        await self._learn(page["rows"])
        return page

    async def sure_of_empty(self, day: date) -> dict:
        """The page that shows no row, once nothing is under way any more that might bring some."""
        if not self._session.learnt.lists:
            with contextlib.suppress(PortalDown):
                await self._tab.watch.settled(self._mark, self._answer_s)
        self.raise_failures(day, besides=())
        return await self.page()

    async def as_last(self, page: dict) -> dict:
        """The same page, with «Next» as it is once nothing is under way, and a while after.

        Where no total tells the last page, only «Next» does, and it may be switched on after the rows.
        """
        with contextlib.suppress(PortalDown):
            await self._tab.watch.settled(self._mark, self._answer_s, start_within_s=0, besides=self._noise)
        with contextlib.suppress(PlaywrightTimeout):
            await self._tab.page.wait_for_function(
                f"() => ({self._pages.script('read_list')})().hasNext",
                timeout=self._session.limits.late_field_grace_s * 1000,
                polling=POLL_MS,
            )
        shown = await self.now()
        if _hrefs(shown) != _hrefs(page):
            raise ListUnstable(self._company, "the rows of a page changed while it was read")
        return shown

    async def _explain(self) -> None:
        """Raise why no whole page is on show."""
        if self._tab.at_login:
            raise SessionExpired(self._company, "the list page went to the login")
        self.raise_failures()
        snapshot = await self.now()
        if not snapshot["hasTable"] or not snapshot["range"]:
            raise LayoutChanged(self._company, "the list page has no table with a footer")
        if snapshot["withoutLink"]:
            raise LayoutChanged(self._company, f"rows of the list have no {self._pages['list.eye']}")
        raise ListUnstable(self._company, "the rows don't fit the footer's range")

    async def _learn(self, rows: Sequence[dict]) -> None:
        """Which XHR bring the rows: whose answer holds a long number of each. No other one decides."""
        learnt = self._session.learnt
        if learnt.lists or not rows:
            return
        numbers = []
        for row in rows:
            long = (cell.lstrip("0") for cell in row["cells"] if cell.isdigit())
            number = next((cell for cell in long if len(cell) >= NUMBER_DIGITS_MIN), None)
            if number is None:
                return
            numbers.append(number)
        learnt.lists = await self._tab.watch.bring(numbers)

    async def click(self, control: str, usual: str = "pointer", lower: int | None = None) -> bool:
        """Click what `pages` knows by this name until an answer follows; False: none ever did.

        lower: no more once the page begins elsewhere.

        As long as it isn't known what brings the rows, any answer may be it but of what already went wrong or
        on before the click.
        """
        learnt, watch = self._session.learnt, self._tab.watch
        self._noise = watch.under_way() | {failed.kind for failed in watch.failures}
        selector = self._pages[control]
        first = learnt.ways.get(selector, usual)
        for way in [first] * (CLICK_TRIES - 1) + ["event" if first == "pointer" else "pointer"]:
            await self._session.pace.turn()
            mark = self._mark = watch.mark()
            if not await use(self._tab, self._tab.page.locator(selector).first, way):
                continue
            if await self._answered(mark) or await self._begins_elsewhere(lower):
                learnt.ways[selector] = way
                return True
        return False

    async def _answered(self, mark: Counter[str]) -> bool:
        learnt, watch = self._session.learnt, self._tab.watch
        noise = () if learnt.lists else self._noise
        if await watch.settled(
            mark, self._answer_s, start_within_s=CLICK_ANSWERED_WITHIN_S, of=learnt.lists, besides=noise
        ):
            return True
        if not learnt.lists or not watch.started_since(mark):
            return False
        learnt.lists = frozenset()  # another kind brings them now
        return await watch.settled(mark, self._answer_s, besides=self._noise)

    async def _begins_elsewhere(self, lower: int | None) -> bool:
        if lower is None:
            return False
        shown = (await self.now())["range"]
        return bool(shown and shown[0] != lower)

    def raise_failures(self, day: date | None = None, *, besides: Collection[str] | None = None) -> None:
        """Raise what went wrong with the rows since the last click; besides: kinds that can't be theirs."""
        noise = self._noise if besides is None else besides
        lists = self._session.learnt.lists
        self._tab.watch.raise_failures(day, of=lists, besides=() if lists else noise)

    async def turn(self, page: dict, day: date) -> dict:
        """The next page. A turn that fails is tried again from this page on, logged in anew if need be."""

        async def once(fault: PortalError | None) -> dict:
            if fault is not None:
                await self.return_to(page)
            return await self._forward(page, day)

        return await patiently(self._session, self._tab, once)

    async def return_to(self, page: dict) -> None:
        """Bring this page back: the footer may have gone on without the rows."""
        lower = page["range"][0]
        shown = (await self.now())["range"]
        if shown is not None and shown[0] > lower:
            await self.click("list.previous")
            self.raise_failures()
        if _hrefs(await self.page(lower)) != _hrefs(page):
            raise ListUnstable(self._company, "a page that was read before shows other rows now")

    async def _forward(self, page: dict, day: date) -> dict:
        """One page forward, never two: a click that moved the footer isn't repeated."""
        lower, upper, _ = page["range"]
        if not await self.click("list.next", "event", lower):
            raise PortalDown(self._company, "«Next» asks the portal for nothing", day=day)
        failed = [failed for failed in self._tab.watch.failures if failed.kind in self._session.learnt.lists]
        return await self.page(upper + 1, _hrefs(page), SHOWN_AFTER_FAILURE_WITHIN_S if failed else None)
