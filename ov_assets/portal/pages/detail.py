"""The detail page in a lasting tab, moved from PQR to PQR, not believed before it shows the right one."""

import asyncio
import contextlib
from collections import Counter
from urllib.parse import urlsplit

from playwright.async_api import Page, PdfMargins
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.login import close_popup
from ov_assets.portal.browser.requests import NO_ANSWER, Failed
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import POLL_MS, Tab
from ov_assets.portal.errors import (
    DetailMissing,
    LayoutChanged,
    PdfWithoutData,
    PortalDown,
)
from ov_assets.portal.pages.pdf import fixed_dates, holds_text
from ov_assets.portal.pages.reading import EVERYTHING, Reading, fields_of
from ov_assets.portal.pages.unanswered import raise_failures
from ov_assets.portal.pages_file import Pages
from ov_assets.portal.row import ListedRow

ELEMENTS = ("detail.label", "detail.claim_number")
PDF_MARGIN: PdfMargins = {"top": "1cm", "right": "1cm", "bottom": "1cm", "left": "1cm"}
STEADY_TRIES = 3
HASH_FOLLOWED_WITHIN_S = 5.0
SHOWN_WITHIN_S = 1.0


class DetailTab:
    """One tab that shows one PQR after another."""

    def __init__(self, session: PortalSession) -> None:
        self._session = session
        self.tab: Tab | None = None
        self._mark: Counter[str] = Counter()
        self._route = ""
        self._led_on = False
        self._stuck: frozenset[str] = frozenset()

    @property
    def _company(self) -> str:
        return self._session.company

    @property
    def _pages(self) -> Pages:
        return self._session.site.pages

    async def close(self) -> None:
        if self.tab is not None:
            await self.tab.close()
        self.tab = None

    async def show(self, row: ListedRow) -> None:
        """Bring the tab to a PQR. Returns only when the page shows its radicado and no request is open.

        Raises DetailMissing, LayoutChanged, SessionExpired or PortalDown. After any fault, `close` makes the
        next PQR start from a full load, not from a page in an unknown state.
        """
        url = self._session.site.detail_url(row.href)
        if not self._session.site.owns(url):
            raise DetailMissing(
                self._company, "its link leads to another host", day=row.day, radicado=row.numero_radicado
            )
        route = urlsplit(url).fragment
        self._session.opened_details += 1
        self._stuck = frozenset()
        self._led_on = await self._goes_on(row, route)
        if not self._led_on:
            await self._load(url, route)
        await self._shown(row)
        if self._led_on:
            self._session.learnt.follows_hash = True

    async def load(self, row: ListedRow) -> Page:
        """The page of a PQR by a full load, whatever it shows."""
        url = self._session.site.detail_url(row.href)
        await self._load(url, urlsplit(url).fragment)
        assert self.tab is not None
        return self.tab.page

    async def _goes_on(self, row: ListedRow, route: str) -> bool:
        """Lead the tab on by its address alone, which spares a page load. False: it needs a fresh one."""
        session, tab = self._session, self.tab
        if (
            tab is None
            or tab.page.is_closed()
            or route in {"", self._route}  # the same route again asks the portal for nothing
            or session.learnt.follows_hash is False
            or await tab.page.evaluate(self._pages.script("clear_leftovers"))
        ):
            return False
        self._mark, self._route = tab.watch.mark(), route
        await session.pace.turn()
        await tab.page.evaluate("(hash) => { location.hash = hash; }", route)
        if await self._asks_or_shows(row):
            return True
        if session.learnt.follows_hash is None:
            session.learnt.follows_hash = False  # it never did: nobody waits for it again
        return False

    async def _asks_or_shows(self, row: ListedRow) -> bool:
        """Whether the page follows its new address: asks for what the pages before did, or shows the PQR."""
        assert self.tab is not None
        asks = self._session.learnt.details_ask or frozenset()
        asked = await self.tab.watch.starts(self._mark, HASH_FOLLOWED_WITHIN_S, asks)
        return asked or bool(
            await self.tab.page.evaluate(self._pages.script("shows_radicado"), row.numero_radicado)
        )

    async def _load(self, url: str, route: str) -> None:
        await self.close()
        self.tab = await self._session.new_tab()
        self._mark, self._route = self.tab.watch.mark(), route
        await self._session.goto(self.tab, url)

    async def _shown(self, row: ListedRow) -> None:
        """Wait until the page shows this PQR; what it shows counts, not what else was asked for in vain."""
        assert self.tab is not None
        page, timeout_s = self.tab.page, self._session.limits.answer_timeout_s
        showing = asyncio.ensure_future(
            page.wait_for_function(
                self._pages.script("shows_radicado"),
                arg=row.numero_radicado,
                timeout=timeout_s * 1000,
                polling=POLL_MS,
            )
        )
        vain = asyncio.ensure_future(self._asked_in_vain(timeout_s))
        try:
            await asyncio.wait({showing, vain}, return_when=asyncio.FIRST_COMPLETED)
            if showing.done():
                await showing
            else:
                await vain
                raise_failures(self._company, row, self.tab.watch.failures)
        except PlaywrightTimeout:
            await self._explain_absence(self.tab, row)
        finally:
            vain.cancel()
            showing.cancel()
            await asyncio.gather(vain, showing, return_exceptions=True)

    async def _asked_in_vain(self, timeout_s: float) -> None:
        """Ends once nothing is asked for any more, something has failed, and the page shows nothing of it."""
        assert self.tab is not None
        watch = self.tab.watch
        while True:
            with contextlib.suppress(PortalDown):
                await watch.settled(self._mark, timeout_s, start_within_s=timeout_s)
            await asyncio.sleep(SHOWN_WITHIN_S)
            if watch.failures and not watch.under_way():
                return

    async def _explain_absence(self, tab: Tab, row: ListedRow) -> None:
        self._session.raise_lost(tab)
        learnt, failures = self._session.learnt, tab.watch.failures
        if learnt.follows_hash is None and self._led_on:
            # What it asked for was something else, unless what failed now never failed before.
            learnt.follows_hash = None if {one.kind for one in failures} - learnt.in_vain.keys() else False
        raise_failures(self._company, row, failures)
        pairs = (await tab.page.evaluate(self._pages.script("read_detail")))["pairs"]
        if not pairs:
            label = self._pages["detail.label"]
            raise LayoutChanged(self._company, f"the detail page has no {label}", day=row.day)
        if "numero_radicado" not in fields_of(pairs, self._pages):
            label = self._pages.words("labels.numero_radicado")[0]
            raise LayoutChanged(self._company, f"the detail page has no label «{label}»", day=row.day)
        raise DetailMissing(
            self._company, "the page never showed this PQR", day=row.day, radicado=row.numero_radicado
        )

    async def read(self, row: ListedRow) -> Reading:
        """The record once it no longer changes.

        The claim number arrives after the rest, by a request of its own, or never. A blank one is waited for,
        and accepted only when no request is open, and none has failed, that may bring it.
        """
        assert self.tab is not None
        page = self.tab.page
        await self._everything_asked()
        await self._quiet(row)
        is_empty = self._pages.script("claim_number_is_empty")
        if await page.evaluate(is_empty):
            with contextlib.suppress(PlaywrightTimeout):
                await page.wait_for_function(
                    f"() => !({is_empty})()",
                    timeout=self._session.limits.late_field_grace_s * 1000,
                    polling=POLL_MS,
                )
        return await self._settled_reading(row)

    async def _settled_reading(self, row: ListedRow) -> Reading:
        """What the page shows when nothing is open that may still bring a field. Raises DetailDoubtful.

        What went unanswered on a page that showed a field all the same doesn't bring that field: so the
        portal's own noise is told from what is missing, on the first pages that are whole.
        """
        assert self.tab is not None
        watch, learnt = self.tab.watch, self._session.learnt
        open_kinds = await self._quiet(row)
        reading = await self._reading(row)
        learnt.unasked |= watch.asked | open_kinds
        unanswered = open_kinds | {failed.kind for failed in watch.failures}
        if not self._led_on or not unanswered:
            learnt.note_page(
                row.numero_radicado, reading.filled, unanswered - watch.answered, watch.answered - unanswered
            )
        doubts = {kind: learnt.doubtful(kind, self._may_lack(reading)) for kind in unanswered}
        unknown = ", ".join(sorted(frozenset().union(*doubts.values())))
        raise_failures(
            self._company,
            row,
            [failed for failed in watch.failures if doubts[failed.kind]]
            + [Failed(kind, NO_ANSWER, None) for kind in open_kinds if doubts[kind]],
            f", so whether it has {unknown} isn't known",
        )
        return reading

    async def _everything_asked(self) -> None:
        """Wait until the page has asked for what each one before it asked for: some of it may come late.

        The first one is watched for a while, since nobody knows what comes; what one of them does without is
        no longer waited for.
        """
        assert self.tab is not None
        learnt, watch = self._session.learnt, self.tab.watch
        patience_s = self._session.limits.late_field_grace_s
        if (usual := learnt.details_ask) is None:
            await asyncio.sleep(patience_s)
        else:
            await watch.has_asked(usual, patience_s)
        usual = learnt.details_ask  # another tab may have learnt meanwhile
        learnt.details_ask = watch.asked if usual is None else watch.asked & usual

    async def _quiet(self, row: ListedRow) -> frozenset[str]:
        """Wait until no request is open whose answer may be a field that is blank; it may take its time.

        A page that was led on may still show the PQR before. Returns the kinds that are open for all that.
        """
        assert self.tab is not None
        noise = self._session.learnt.noise(self._may_lack(await self._reading(row))) | self._stuck
        watch, timeout_s = self.tab.watch, self._session.limits.answer_timeout_s
        began = asyncio.get_running_loop().time()
        try:
            await watch.settled(self._mark, timeout_s, start_within_s=0, besides=noise)
        except PortalDown:
            self._stuck = watch.under_way(since=began)
        return watch.under_way(since=began)

    async def _reading(self, row: ListedRow) -> Reading:
        assert self.tab is not None
        raw = await self.tab.page.evaluate(self._pages.script("read_detail"))
        try:
            return Reading.of(self._session.site, raw, row)
        except LayoutChanged:
            self._session.raise_lost(self.tab)
            raise

    def _may_lack(self, reading: Reading) -> frozenset[str]:
        """What an answer that didn't come may have to bring: on a page that showed another PQR, anything."""
        return EVERYTHING if self._led_on else EVERYTHING - reading.filled

    async def read_and_print(self, row: ListedRow) -> tuple[Reading, bytes]:
        """Record and PDF of the same moment: the page must say the same before and after it is printed."""
        assert self.tab is not None
        before = await self.read(row)
        for _ in range(STEADY_TRIES):
            await close_popup(self.tab.page, self._pages)
            pdf = fixed_dates(
                await self.tab.page.pdf(format="A4", print_background=True, margin=PDF_MARGIN), row.fecha
            )
            after = await self._settled_reading(row)
            if after == before:
                if not holds_text(pdf, row.numero_radicado):
                    raise PdfWithoutData(
                        self._company, "the PDF lacks its radicado", day=row.day, radicado=row.numero_radicado
                    )
                return after, pdf
            before = after
        raise DetailMissing(
            self._company, "the page keeps changing", day=row.day, radicado=row.numero_radicado
        )
