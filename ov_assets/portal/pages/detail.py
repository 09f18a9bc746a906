"""The detail page in a lasting tab, moved from PQR to PQR, not believed before it shows the right one."""

import asyncio
import contextlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import PdfMargins
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.login import close_popup
from ov_assets.portal.browser.requests import PortalBusy
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.contract import Element
from ov_assets.portal.errors import (
    DetailMissing,
    LayoutChanged,
    PdfWithoutData,
    PortalDown,
    SessionExpired,
)
from ov_assets.portal.pages.pdf import fixed_dates, holds_text
from ov_assets.portal.row import ListedRow
from ov_assets.portal.scripts import POLL_MS, script
from ov_assets.pqr.record import FIELDS, Pqr, field_name

READ_DETAIL = script("read_detail")
# Seen on Afinia's pages only; whether Air-e shows them isn't known.
OPTIONAL = frozenset({"finalizar", "adjuntar_archivo", "comentarios"})
ELEMENTS = (
    Element("labels", "td.text-td-label"),
    Element("claim number", 'input[name="NumeroReclamoSGC"]'),
)
PDF_MARGIN: PdfMargins = {"top": "1cm", "right": "1cm", "bottom": "1cm", "left": "1cm"}
STEADY_TRIES = 3
HASH_FOLLOWED_WITHIN_S = 5.0

SHOWS_RADICADO = script("shows_radicado")
CLEAR_LEFTOVERS = script("clear_leftovers")
CLAIM_NUMBER_IS_EMPTY = script("claim_number_is_empty")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one detail page showed: the record and the names of its attachments, in page order."""

    pqr: Pqr
    attachments: tuple[str, ...]


class DetailTab:
    """One tab that shows one PQR after another."""

    def __init__(self, session: PortalSession) -> None:
        self._session = session
        self.tab: Tab | None = None
        self._mark = 0
        self._route = ""

    @property
    def _company(self) -> str:
        return self._session.company

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
        if not await self._goes_on(row, route):
            await self._load(url, route)
        await self._shown(row)

    async def _goes_on(self, row: ListedRow, route: str) -> bool:
        """Lead the tab on by its address alone, which spares a page load. False: it needs a fresh one."""
        session, tab = self._session, self.tab
        if (
            tab is None
            or tab.page.is_closed()
            or route in {"", self._route}  # the same route again asks the portal for nothing
            or session.follows_hash is False
            or await tab.page.evaluate(CLEAR_LEFTOVERS)
        ):
            return False
        self._mark, self._route = tab.watch.mark(), route
        await session.pace.turn()
        await tab.page.evaluate("(hash) => { location.hash = hash; }", route)
        if await tab.watch.settled(
            self._mark, session.limits.answer_timeout_s, start_within_s=HASH_FOLLOWED_WITHIN_S
        ) or await tab.page.evaluate(SHOWS_RADICADO, row.numero_radicado):
            session.follows_hash = True
            return True
        if session.follows_hash is None:
            session.follows_hash = False  # it never did: nobody waits for it again
        return False

    async def _load(self, url: str, route: str) -> None:
        await self.close()
        self.tab = await self._session.new_tab()
        self._mark, self._route = self.tab.watch.mark(), route
        await self._session.goto(self.tab, url)

    async def _shown(self, row: ListedRow) -> None:
        """Wait until the page shows this PQR. Raises as `show` does."""
        assert self.tab is not None
        tab = self.tab
        limits = self._session.limits
        try:
            await tab.watch.settled(
                self._mark, limits.answer_timeout_s, start_within_s=limits.answer_timeout_s
            )
            if tab.watch.not_found():
                raise DetailMissing(self._company, "HTTP 404", day=row.day, radicado=row.numero_radicado)
            self._raise_failures(tab, row)
            await tab.page.wait_for_function(
                SHOWS_RADICADO,
                arg=row.numero_radicado,
                timeout=limits.answer_timeout_s * 1000,
                polling=POLL_MS,
            )
        except PlaywrightTimeout:
            await self._explain_absence(tab, row)

    def _raise_failures(self, tab: Tab, row: ListedRow) -> None:
        try:
            tab.watch.raise_failures(row.day)
        except PortalBusy:
            raise
        except PortalDown as error:
            missing = DetailMissing(self._company, error.what, day=row.day, radicado=row.numero_radicado)
            missing.of_the_portal = True
            raise missing from None

    async def _explain_absence(self, tab: Tab, row: ListedRow) -> None:
        if tab.at_login:
            raise SessionExpired(self._company, "the detail page went to the login", day=row.day)
        reading = await tab.page.evaluate(READ_DETAIL)
        labels = {field_name(label) for label, _ in reading["pairs"]}
        if reading["pairs"] and "numero_radicado" not in labels:
            raise LayoutChanged(self._company, "the detail page has no label «N° Radicado PQR»", day=row.day)
        raise DetailMissing(
            self._company, "the page never showed this PQR", day=row.day, radicado=row.numero_radicado
        )

    async def read(self, row: ListedRow) -> Reading:
        """The record once it no longer changes.

        The claim number arrives after the rest, by a request of its own, or never. A blank one is waited for,
        and accepted only when no request is open and none has failed.
        """
        assert self.tab is not None
        page = self.tab.page
        await self._everything_asked()
        await self._quiet()
        if await page.evaluate(CLAIM_NUMBER_IS_EMPTY):
            with contextlib.suppress(PlaywrightTimeout):
                await page.wait_for_function(
                    f"() => !({CLAIM_NUMBER_IS_EMPTY})()",
                    timeout=self._session.limits.late_field_grace_s * 1000,
                    polling=POLL_MS,
                )
            await self._quiet()
        self._raise_failures(self.tab, row)
        return self._reading(await page.evaluate(READ_DETAIL), row)

    async def _everything_asked(self) -> None:
        """Wait until the page has asked for what each one before it asked for: some of it may come late.

        The first one is watched for a while, since nobody knows what comes; what one of them does without is
        no longer waited for.
        """
        assert self.tab is not None
        session, watch = self._session, self.tab.watch
        patience_s = session.limits.late_field_grace_s
        if (usual := session.details_ask) is None:
            await asyncio.sleep(patience_s)
        else:
            await watch.has_asked(usual, patience_s)
        usual = session.details_ask  # another tab may have learnt meanwhile
        session.details_ask = watch.asked if usual is None else watch.asked & usual

    async def _quiet(self) -> None:
        """Wait until no request is open: its answer may be a field."""
        assert self.tab is not None
        await self.tab.watch.settled(self._mark, self._session.limits.answer_timeout_s, start_within_s=0)

    def _reading(self, raw: dict, row: ListedRow) -> Reading:
        shown: dict[str, str] = {}
        others: list[tuple[str, str]] = []
        for label, value in raw["pairs"]:
            name = field_name(label)
            if name is not None and name not in shown:
                shown[name] = value or ""
            else:
                others.append((label, value or ""))
        missing = [name for name in FIELDS if name not in shown and name not in OPTIONAL]
        if missing and self.tab is not None and self.tab.at_login:
            raise SessionExpired(self._company, "the detail page went to the login", day=row.day)
        if missing:
            raise LayoutChanged(
                self._company, f"the detail page has no label for {', '.join(missing)}", day=row.day
            )
        pqr = Pqr.of({name: shown.get(name, "") for name in FIELDS}, others)
        if pqr.numero_radicado != row.numero_radicado:
            raise DetailMissing(
                self._company, "the page shows another PQR", day=row.day, radicado=row.numero_radicado
            )
        return Reading(pqr, tuple(raw["attachments"]))

    async def read_and_print(self, row: ListedRow) -> tuple[Reading, bytes]:
        """Record and PDF of the same moment: the page must say the same before and after it is printed."""
        assert self.tab is not None
        before = await self.read(row)
        for _ in range(STEADY_TRIES):
            await close_popup(self.tab.page)
            pdf = fixed_dates(
                await self.tab.page.pdf(format="A4", print_background=True, margin=PDF_MARGIN), row.fecha
            )
            await self._quiet()
            self._raise_failures(self.tab, row)
            after = self._reading(await self.tab.page.evaluate(READ_DETAIL), row)
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
