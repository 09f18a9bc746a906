"""Whether the capture's own steps work on a portal, and what each page calls differently, one after another.

What is missing is looked for by what comes nearest, and named so for the rest of the examination: one call
finds all that differs.
"""

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, timedelta

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ov_assets.portal.browser.kept_session import KeptSession
from ov_assets.portal.browser.login import ELEMENTS as LOGIN
from ov_assets.portal.browser.login import close_popup
from ov_assets.portal.browser.session import PortalSession, browser_failed, portal_session
from ov_assets.portal.contract import Finding, look_for
from ov_assets.portal.errors import DetailMissing, PortalDown, PortalError
from ov_assets.portal.nearest import line, nearest, nearest_labels, nearest_text, range_like
from ov_assets.portal.pages import attachments
from ov_assets.portal.pages.columns import COLUMNS, caption_of
from ov_assets.portal.pages.controls import CONTROL_TIMEOUT_MS
from ov_assets.portal.pages.detail import DetailTab
from ov_assets.portal.pages.filter import open_filter
from ov_assets.portal.pages.list import PqrList
from ov_assets.portal.pages.look import FINALIZADO, Filter
from ov_assets.portal.pages.reading import FILE_NAME, OPTIONAL, Reading, field_name
from ov_assets.portal.pages_file import Pages, Value
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Limits, Site
from ov_assets.pqr.record import FIELDS, canonical_label

SAMPLE = timedelta(days=30)  # the list's columns are read from the first page of so many days
DETAILS_MAX = 5
FORM_WITHIN_S = 10.0
FILTER = (
    "filter.estado",
    "filter.estado_value",
    "filter.from",
    "filter.to",
    "filter.date_input",
    "filter.search",
)
TABLE = ("list.table", "list.header", "list.footer", "list.next", "list.previous")
ROWS = ("list.row", "list.cell", "list.eye")


async def examine(site: Site, limits: Limits, today: date) -> list[Finding]:
    """Log in, filter, turn a page and back, open a PQR and fetch a file. Raises PortalError without a log-in.

    If the log-in fails beside something that is missing, that is told instead.

    The login is its own: a kept session would hide a password that is good no more.
    """
    KeptSession(site, limits.keep).forget()
    names = dict(site.pages.names)
    examination = _Examination(site.company.slug, names)
    mended = replace(site, pages=Pages(names))
    try:
        async with portal_session(mended, limits, today, before_login=examination.login_page) as session:
            await examination.list_page(session)
            await examination.walk(session, Filter(FINALIZADO, today - SAMPLE, today))
    except PortalError as error:
        if all(finding.holds for finding in examination.findings):
            raise
        examination.findings.append(Finding("step: to the list", "works", False, error.what))
    return examination.findings


class _Examination:
    """names: those of the session's site; what is found instead of a missing one is put in its place."""

    def __init__(self, company: str, names: dict[str, Value]) -> None:
        self._company, self._names, self.pages = company, names, Pages(names)
        self.findings: list[Finding] = []

    def _told(self, name: str, found: str, instead: str | list[str] | None) -> None:
        """A miss; the examination goes on with what comes nearest."""
        expected = self._names[name]
        shown = expected if isinstance(expected, str) else " | ".join(map(str, expected))  # type: ignore[arg-type]
        self.findings.append(Finding(name, shown, False, found, line(name, instead) if instead else ""))
        if instead:
            self._names[name] = instead if isinstance(instead, str) else tuple(instead)

    async def _check(self, page: Page, *names: str) -> None:
        findings = await look_for(page, self.pages, names)
        seen = [*self.findings, *(finding for finding in findings if finding.holds)]
        known = [finding.name for finding in seen if f"nearest.{finding.name}" in self._names]
        for finding in findings:
            if finding.holds:
                self.findings.append(finding)
            else:
                self._told(finding.name, "0", await nearest(page, self.pages, finding.name, known))
                known.append(finding.name)

    async def _step(self, name: str, step: Awaitable[str]) -> bool:
        """Try one of the capture's own steps."""
        try:
            found = await step
        except (PortalError, PlaywrightError) as error:
            fault = error if isinstance(error, PortalError) else browser_failed(self._company, error)
            self.findings.append(Finding(name, "works", False, fault.what))
            return False
        self.findings.append(Finding(name, "works", True, found))
        return True

    async def login_page(self, session: PortalSession) -> None:
        """The login form shows to anybody, logged in or not."""
        tab = await session.new_tab("rows")
        try:
            await session.goto(tab, session.site.login_url)
            with contextlib.suppress(PlaywrightTimeout):  # the findings say so
                form = f"{self.pages['login.username']}, {self.pages['login.any_password']}"
                await tab.page.locator(form).first.wait_for(timeout=FORM_WITHIN_S * 1000)
            await close_popup(tab.page, self.pages)
            await self._check(tab.page, *LOGIN)
        finally:
            await tab.close()

    async def list_page(self, session: PortalSession) -> None:
        """The list as it comes, its filter panel open, and the states that it offers."""
        tab = await session.new_tab("rows")
        try:
            mark = tab.watch.mark()
            await session.goto(tab, session.site.list_url)
            with contextlib.suppress(PortalDown):
                await tab.watch.settled(mark, session.limits.answer_timeout_s, start_within_s=FORM_WITHIN_S)
            with contextlib.suppress(PlaywrightTimeout):
                await tab.page.locator(self.pages["filter.toggle"]).first.wait_for(timeout=CONTROL_TIMEOUT_MS)
            await close_popup(tab.page, self.pages)
            await self._check(tab.page, "filter.toggle")
            await self._toggle_text(tab.page)
            with contextlib.suppress(PlaywrightTimeout):
                await open_filter(tab.page, self.pages)
                await tab.page.locator(self.pages["filter.search"]).first.wait_for(timeout=CONTROL_TIMEOUT_MS)
            await self._check(tab.page, *FILTER)
            if await tab.page.locator(self.pages["filter.estado"]).count():
                await self._states(tab.page)
            await self._check(tab.page, *TABLE)
            shown = await tab.page.evaluate(self.pages.script("read_list"))
            if not shown["range"] or shown["range"][2] != 0:
                await self._check(tab.page, *ROWS)
            await self._footer(tab.page)
            await self._columns(tab.page)
        finally:
            await tab.close()

    async def _toggle_text(self, page: Page) -> None:
        toggles = await page.locator(self.pages["filter.toggle"]).all_text_contents()
        text = self.pages["filter.toggle_text"]
        if any(text.casefold() in shown.casefold() for shown in toggles):
            self.findings.append(Finding("filter.toggle_text", text, True, text))
        elif instead := nearest_text([text], [" ".join(shown.split()) for shown in toggles if shown.strip()]):
            self._told("filter.toggle_text", f"«{instead}»", instead)

    async def _states(self, page: Page) -> None:
        """The option that is asked for, found by opening the control as the capture does."""
        wanted = self.pages["filter.finalizado"]
        await page.locator(self.pages["filter.estado"]).first.click(timeout=CONTROL_TIMEOUT_MS)
        with contextlib.suppress(PlaywrightTimeout):
            await page.locator(self.pages["filter.option"]).first.wait_for(timeout=CONTROL_TIMEOUT_MS)
        await self._check(page, "filter.option")
        shown = await page.locator(self.pages["filter.option"]).all_text_contents()
        options = [" ".join(text.split()) for text in shown]
        if wanted in options:
            self.findings.append(Finding("filter.finalizado", wanted, True, wanted))
        else:
            # Only a word for the same, and the only one: another state's PQR would be taken for finalised.
            same = {canonical_label(text) for text in (wanted, *self.pages.words("nearest.finalizado"))}
            alike = [text for text in options if canonical_label(text) in same]
            instead = alike[0] if len(alike) == 1 else None
            self._told("filter.finalizado", " | ".join(options) or "0", instead)
        await page.keyboard.press("Escape")
        with contextlib.suppress(PlaywrightTimeout):
            backdrop = page.locator(self.pages["filter.option_backdrop"]).first
            await backdrop.wait_for(state="detached", timeout=CONTROL_TIMEOUT_MS)

    async def _footer(self, page: Page) -> None:
        """The range is read from the footer's text, which holds no personal value."""
        shown = await page.locator(self.pages["list.footer"]).all_text_contents()
        texts = [" ".join(text.split()) for text in shown]
        if await page.evaluate(f"() => Boolean(({self.pages.script('read_list')})().range)"):
            return
        patterns = [pattern for text in texts if (pattern := range_like(text))]
        self._told("list.footer_range", "no range", patterns[0] if patterns else None)

    async def _columns(self, page: Page) -> None:
        """A caption that nobody knows is only named where the cells below tell its column."""
        shown = await page.evaluate(self.pages.script("read_list"))
        headers = shown["headers"]
        for name in COLUMNS if any(headers) else ():
            captions = self.pages.words(f"columns.{name}")
            known = {canonical_label(caption) for caption in captions}
            if found := next((text for text in headers if canonical_label(text) in known), None):
                self.findings.append(Finding(f"columns.{name}", " | ".join(captions), True, found))
            else:
                caption = caption_of(name, shown, self.pages["filter.finalizado"])
                self._told(f"columns.{name}", "0", [*captions, caption] if caption else None)

    async def walk(self, session: PortalSession, wanted: Filter) -> None:
        """The filter, a page and back, details, and a file, as a capture does it."""
        pqr_list = PqrList(session)
        rows: list[ListedRow] = []

        async def filtered() -> str:
            rows.extend(await pqr_list.first_page(wanted))
            return f"{len(rows)} rows"

        if await self._step("step: filter and search", filtered()):
            await self._step("step: next page and back", pqr_list.turn_and_back(wanted))
            await self._step("step: details", self._details(session, rows[:DETAILS_MAX]))
        await pqr_list.close()

    async def _details(self, session: PortalSession, rows: list[ListedRow]) -> str:
        """The first PQR's labels; then on to the first that has a file."""
        if not rows:
            raise DetailMissing(self._company, f"nothing to look at: no PQR within {SAMPLE.days} days")
        detail = DetailTab(session)
        try:
            for number, row in enumerate(rows):
                page = await self._shown(session, detail, row)
                if not number:
                    await self._labels(page)
                has_file = await self._has_file(page)
                if number and not has_file:
                    continue
                reading: list[Reading] = []
                is_read = await self._step("step: detail", _read(detail, row, reading))
                if is_read and has_file:
                    await self._step("step: attachment", _fetched(session, detail, reading[0], row))
                if not is_read or has_file:
                    return f"{number + 1} PQR"
            return f"{len(rows)} PQR, none with a file"
        finally:
            await detail.close()

    async def _has_file(self, page: Page) -> bool:
        """Whether a page names files; then its links are looked for, too."""
        raw = await page.evaluate(self.pages.script("read_detail"))
        texts = [text for label, text in raw["pairs"] if field_name(label, self.pages) == "documento_prueba"]
        if not raw["attachments"] and not any(FILE_NAME.search(text or "") for text in texts):
            return False
        await self._check(page, "detail.attachment")
        return True

    async def _shown(self, session: PortalSession, detail: DetailTab, row: ListedRow) -> Page:
        page = await detail.load(row)
        shows = f"() => ({self.pages.script('shows_radicado')})({row.numero_radicado!r})"
        with contextlib.suppress(PlaywrightTimeout):
            await page.wait_for_function(shows, timeout=FORM_WITHIN_S * 1000)
        await asyncio.sleep(session.limits.late_field_grace_s)
        return page

    async def _labels(self, page: Page) -> None:
        await self._check(page, "detail.label")
        pairs = (await page.evaluate(self.pages.script("read_detail")))["pairs"]
        labels = [label.strip() for label, _ in pairs]
        shown = {field_name(label, self.pages) for label in labels}
        instead = nearest_labels(labels, self.pages)
        for name in FIELDS:
            words = self.pages.words(f"labels.{name}")
            if name in shown:
                self.findings.append(Finding(f"labels.{name}", " | ".join(words), True, "1"))
            elif name in OPTIONAL and name not in instead:
                self.findings.append(Finding(f"labels.{name}", " | ".join(words), True, "0 (optional)"))
            else:
                self._told(f"labels.{name}", "0", [*words, instead[name]] if name in instead else None)
        if await page.locator(self.pages["detail.claim_number"]).count() or await nearest(
            page, self.pages, "detail.claim_number", ()
        ):
            await self._check(page, "detail.claim_number")


async def _read(detail: DetailTab, row: ListedRow, reading: list[Reading]) -> str:
    await detail.show(row)
    reading.append((await detail.read_and_print(row))[0])
    return f"{len(reading[0].filled)} fields filled"


async def _fetched(session: PortalSession, detail: DetailTab, reading: Reading, row: ListedRow) -> str:
    assert detail.tab is not None
    data = await attachments.fetch(session, detail.tab, 0, reading.attachments, row)
    return f"{len(data)} bytes"
