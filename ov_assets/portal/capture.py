"""Capture of one company and day: look, capture what the look shows and disk lacks, until two looks agree.

Expected is what the portal itself lists; captured is what stands on disk with its manifest. The
difference is named radicado by radicado, each with its cause.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from time import monotonic

import psutil
import stamina
from playwright.async_api import Error as PlaywrightError

from ov_assets.portal import attachments
from ov_assets.portal.columns import ListedRow
from ov_assets.portal.detail import DetailTab
from ov_assets.portal.errors import (
    AttachmentFailed,
    DetailMissing,
    ListUnstable,
    PdfWithoutData,
    PortalDown,
    PortalError,
    SessionExpired,
)
from ov_assets.portal.pqr_list import Filter, Look, PqrList
from ov_assets.portal.requests_watch import PortalBusy
from ov_assets.portal.session import PortalSession, portal_session
from ov_assets.portal.site import Limits, Site
from ov_assets.pqr.captures import JSON_NAME, PDF_NAME, CaptureStore
from ov_assets.pqr.manifest import Clase

FINALIZADO = "Finalizado"
TRIES = 3
OF_ONE_PQR = (DetailMissing, AttachmentFailed, PdfWithoutData)


@dataclass(frozen=True, slots=True)
class Failure:
    """One PQR that is listed but could not be captured; `cause` is the fault's name."""

    numero_radicado: str
    cause: str
    message: str


@dataclass(slots=True)
class CaptureReport:
    """What one capture saw and did. `listed` is the last look; times in seconds."""

    listed: dict[str, ListedRow] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    unchanged: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)
    attachments: int = 0
    looks: int = 0
    page_turns: int = 0
    logins: int = 0
    seconds: float = 0.0


def _pause_before_retry(error: Exception) -> bool | float:
    """Passing faults are tried again, after the pause that the portal asks for; nothing else is."""
    if isinstance(error, PortalBusy):
        return error.retry_after_s
    return isinstance(error, PortalError) and error.passing


def is_captured(store: CaptureStore, row: ListedRow, manifests: dict) -> bool:
    """Whether disk holds this PQR whole, from a list row that said the same."""
    manifest = manifests.get(row.numero_radicado)
    return manifest is not None and manifest.huella_lista == row.huella and not store.missing_files(manifest)


class _Capture:
    def __init__(
        self, site: Site, day: date, store: CaptureStore, limits: Limits, now: Callable[[], datetime]
    ) -> None:
        self.site, self.day, self.store, self.limits, self.now = site, day, store, limits, now
        self.report = CaptureReport()

    async def run(self, on_progress: Callable[[int, int], None]) -> CaptureReport:
        begin = monotonic()
        self.store.recover()
        async with portal_session(self.site, self.limits) as session:
            pqr_list = PqrList(session)
            previous: Look | None = None
            while True:
                look = await self._look(session, pqr_list)
                self.report.looks += 1
                self.report.listed = look.rows
                manifests = self.store.manifests()
                pending = [row for row in look.rows.values() if not is_captured(self.store, row, manifests)]
                if previous is None:
                    self.report.unchanged = len(look.rows) - len(pending)
                await self._capture_rows(session, pqr_list, pending, on_progress)
                if look.agrees_with(previous):
                    break
                if self.report.looks == self.limits.looks_max:
                    raise ListUnstable(
                        self.site.company.slug, f"{self.report.looks} looks differ", day=self.day
                    )
                previous = look
            self.report.page_turns, self.report.logins = pqr_list.page_turns, session.logins
        self.report.seconds = monotonic() - begin
        return self.report

    async def _look(self, session: PortalSession, pqr_list: PqrList) -> Look:
        async for attempt in stamina.retry_context(
            on=_pause_before_retry, attempts=TRIES, timeout=None, wait_initial=0.5
        ):
            with attempt:
                logins = session.logins
                try:
                    return await pqr_list.look(Filter(FINALIZADO, self.day, self.day))
                except SessionExpired:
                    await pqr_list.close()
                    await session.renew(logins)
                    raise
                except PortalError:
                    await pqr_list.close()
                    raise
        raise AssertionError("stamina either returns or raises")

    async def _capture_rows(
        self,
        session: PortalSession,
        pqr_list: PqrList,
        rows: list[ListedRow],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Capture in batches; between two of them the browser is replaced, which keeps its memory flat."""
        done = 0
        for start in range(0, len(rows), self.limits.recycle_after_details):
            if start:
                await pqr_list.close()
                await session.recycle()
            batch = rows[start : start + self.limits.recycle_after_details]

            def step(base: int = done) -> None:
                nonlocal done
                done += 1
                on_progress(done, len(rows))

            await self._capture_batch(session, batch, step)

    async def _capture_batch(
        self, session: PortalSession, batch: Iterable[ListedRow], step: Callable[[], None]
    ) -> None:
        queue = list(reversed(list(batch)))

        async def worker() -> None:
            detail = DetailTab(session)
            try:
                while queue:
                    row = queue.pop()
                    await self._capture_or_record(session, detail, row)
                    step()
            finally:
                await detail.close()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.limits.tabs, len(queue))):
                    group.create_task(worker())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _capture_or_record(self, session: PortalSession, detail: DetailTab, row: ListedRow) -> None:
        """One PQR's fault never stops the others; a fault of the whole portal does."""
        try:
            await self._capture_one(session, detail, row)
        except OF_ONE_PQR as error:
            self.report.failures[row.numero_radicado] = Failure(
                row.numero_radicado, type(error).__name__, str(error)
            )
        else:
            self.report.failures.pop(row.numero_radicado, None)
            self.report.fresh.append(row.numero_radicado)

    async def _capture_one(self, session: PortalSession, detail: DetailTab, row: ListedRow) -> None:
        async for attempt in stamina.retry_context(
            on=_pause_before_retry, attempts=TRIES, timeout=None, wait_initial=0.2, wait_max=5
        ):
            with attempt:
                logins = session.logins
                try:
                    await self._open_and_keep(session, detail, row)
                except SessionExpired:
                    await detail.close()
                    await session.renew(logins)
                    raise
                except PlaywrightError as error:
                    await detail.close()
                    raise PortalDown(
                        self.site.company.slug, f"the browser failed ({type(error).__name__})", day=self.day
                    ) from None

    async def _open_and_keep(self, session: PortalSession, detail: DetailTab, row: ListedRow) -> None:
        await detail.show(row)
        assert detail.tab is not None
        read_at = self.now()
        reading, pdf = await detail.read_and_print(row)
        files = [
            (name, await attachments.fetch(session, detail.tab, index, name, row))
            for index, name in enumerate(reading.attachments)
        ]
        with self.store.draft(row.numero_radicado, row.huella, read_at) as draft:
            draft.add(Clase.JSON, JSON_NAME, reading.pqr.to_json())
            draft.add(Clase.PDF, PDF_NAME, pdf)
            for name, data in files:
                draft.add(Clase.ADJUNTO, name, data)
        self.report.attachments += len(files)


def browser_bytes() -> int:
    """Resident memory of this process and everything below it."""
    me = psutil.Process()
    return sum(process.memory_info().rss for process in (me, *me.children(recursive=True)))


def capture_day(
    site: Site,
    day: date,
    store: CaptureStore,
    limits: Limits,
    now: Callable[[], datetime],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> CaptureReport:
    """Capture every finalised PQR of one day; what is on disk and unchanged in the list isn't opened again.

    Returns a report that names each listed PQR that isn't captured. Raises a PortalError when the
    portal as a whole can't be read: down, blocked, login refused, layout changed, filter ignored.
    """
    return asyncio.run(_Capture(site, day, store, limits, now).run(on_progress))
