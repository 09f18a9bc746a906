"""The details of a day: several tabs at once, each PQR by itself, a fresh browser when one is worn out."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from playwright.async_api import Error as PlaywrightError

from ov_assets.portal.browser.retry import TRIES_OF_ALL_STEPS, attempts
from ov_assets.portal.browser.session import PortalSession
from ov_assets.portal.browser.tab import Tab
from ov_assets.portal.errors import (
    AccessBlocked,
    AttachmentFailed,
    DetailDoubtful,
    DetailMissing,
    DetailUnanswered,
    LayoutChanged,
    PdfWithoutData,
    PortalDown,
    PortalError,
    SessionExpired,
)
from ov_assets.portal.pages.detail import DetailTab
from ov_assets.portal.pages.files import Fetched, Files
from ov_assets.portal.pages.patience import named, recover
from ov_assets.portal.pages.reading import Reading
from ov_assets.portal.report import CaptureReport, Failure
from ov_assets.portal.row import ListedRow
from ov_assets.pqr.captures import JSON_NAME, PDF_NAME, CaptureStore
from ov_assets.pqr.manifest import Clase, Manifest

PQR_TIMEOUT_S = 600.0  # a browser that hangs has no time-out of its own for everything
UNEXPECTED = (ValueError, LookupError, TypeError)
OF_ONE_PQR = (DetailMissing, AttachmentFailed, PdfWithoutData, PortalDown, LayoutChanged)


class Details:
    """Captures rows of the list into a store, and says in a report what became of each."""

    def __init__(
        self,
        session: PortalSession,
        store: CaptureStore,
        now: Callable[[], datetime],
        report: CaptureReport,
        still_ours: Callable[[], None],
        again: Callable[[Manifest], bool],
    ) -> None:
        self._session, self._store, self._now, self._report = session, store, now, report
        self._still_ours, self._again = still_ours, again
        self._queue: asyncio.Queue[ListedRow | None] = asyncio.Queue()
        self._offered: set[str] = set()  # neither captured yet nor failed
        self._opened: set[str] = set()  # read once in this capture, so not again by a plan
        self._failures_in_a_row = 0
        self._layout_changed: LayoutChanged | None = None

    @staticmethod
    def standing(store: CaptureStore, row: ListedRow) -> Manifest | None:
        """The capture that disk holds whole, from a list row that said the same; None without one."""
        manifest = store.manifest(row.numero_radicado)
        if manifest is None or manifest.huella_lista != row.huella or store.missing_files(manifest):
            return None
        return manifest

    def offer(self, rows: Iterable[ListedRow]) -> None:
        """Have the rows captured that disk lacks, and read again what is due, unless they failed or wait."""
        for row in rows:
            radicado = row.numero_radicado
            if radicado in self._offered or radicado in self._report.failures:
                continue
            standing = self.standing(self._store, row)
            if standing is None or (radicado not in self._opened and self._again(standing)):
                self._opened.add(radicado)
                self._offered.add(radicado)
                self._queue.put_nowait(row)

    def offer_doubtful(self, rows: Iterable[ListedRow]) -> None:
        """Have those captured again whose page was doubted: others may have shown since what it lacks."""
        doubted = {
            radicado
            for radicado, failure in self._report.failures.items()
            if failure.cause in {DetailDoubtful.__name__, DetailUnanswered.__name__}
        }
        for radicado in doubted:
            del self._report.failures[radicado]
        self.offer(row for row in rows if row.numero_radicado in doubted)

    async def done(self) -> None:
        """Wait until each row that was offered is captured, or has failed."""
        await self._queue.join()

    def no_more(self) -> None:
        """The last row was offered: `capture` ends when all are done."""
        self._queue.put_nowait(None)

    async def capture(
        self, on_progress: Callable[[int, int], None], recycle: Callable[[], Awaitable[None]]
    ) -> None:
        """Capture each row that is offered, or record why not. Raises what concerns the portal as a whole."""
        captured = 0

        def step() -> None:
            nonlocal captured
            captured += 1
            on_progress(captured, captured + len(self._offered))

        while not await self._all_until_worn_out(step):
            await recycle()
            self._report.browsers += 1
        was_as_expected = self._report.fresh or self._report.reread
        if self._layout_changed is not None and not was_as_expected and not self._is_one_odd_pqr():
            raise self._layout_changed  # not one page was as expected: it isn't this PQR or that

    def _is_one_odd_pqr(self) -> bool:
        """Whether a single page is unlike the others, of which this day has some on disk."""
        failed = [*self._report.failures.values(), *self._report.unread.values()]
        odd = [failure for failure in failed if failure.cause == LayoutChanged.__name__]
        return len(odd) == 1 and self._report.unchanged > len(self._report.unread)

    async def _all_until_worn_out(self, step: Callable[[], None]) -> bool:
        """Whether nothing is left; False: the browser is worn out."""

        async def worker() -> bool:
            detail = DetailTab(self._session)
            try:
                while not self._session.worn_out:
                    row = await self._queue.get()
                    if row is None:
                        self._queue.put_nowait(None)  # for the other workers
                        return True
                    await self._capture_or_record(detail, row)
                    self._offered.remove(row.numero_radicado)
                    self._queue.task_done()
                    step()
                return False
            finally:
                await detail.close()

        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(worker()) for _ in range(self._session.limits.tabs)]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return any(done.result() for done in workers)

    async def _capture_or_record(self, detail: DetailTab, row: ListedRow) -> None:
        """One PQR's fault never stops the others; several in a row that are the portal's own do."""
        radicado = row.numero_radicado
        try:
            await self._capture_one(detail, row)
        except OF_ONE_PQR as error:
            # What is captured already stays so, though it could not be read again.
            failed = self._report.unread if self.standing(self._store, row) else self._report.failures
            failed[radicado] = Failure.of(radicado, error)
            self._failures_in_a_row = self._failures_in_a_row + 1 if error.of_the_portal else 0
            if isinstance(error, LayoutChanged):
                self._layout_changed = error
            if self._failures_in_a_row >= self._session.limits.portal_failures_max:
                raise self._verdict(error, row) from None
        else:
            self._report.failures.pop(radicado, None)
            self._failures_in_a_row = 0

    def _verdict(self, error: PortalError, row: ListedRow) -> PortalError:
        if isinstance(error, LayoutChanged):
            return error
        what = f"{self._failures_in_a_row} PQR in a row got no answer, the last one: {error.what}"
        return PortalDown(self._session.company, what, day=row.day)

    async def _capture_one(self, detail: DetailTab, row: ListedRow) -> None:
        files = Files(self._session, self._store, row)
        async for attempt in attempts():
            with attempt:
                self._still_ours()
                logins = self._session.logins
                try:
                    async with asyncio.timeout(PQR_TIMEOUT_S):
                        await self._open_and_keep(detail, row, files, attempt.num >= TRIES_OF_ALL_STEPS)
                except (PortalError, PlaywrightError, TimeoutError, *UNEXPECTED) as error:
                    tab = detail.tab
                    fault = await self._fault(error, row, tab, logins)
                    if tab is not None:
                        await self._session.evidence.note(fault, "detail", tab.page, tab.console)
                    await detail.close()
                    await recover(self._session, fault, logins)
                    raise fault from None

    async def _fault(self, error: Exception, row: ListedRow, tab: Tab | None, logins: int) -> PortalError:
        """What stopped a PQR, under the name that it has for the portal.

        Nothing that a page holds is the whole portal's fault: what is refused here while the list is still
        shown is refused for this PQR.
        """
        if isinstance(error, UNEXPECTED):
            what = f"what the page shows can't be kept ({type(error).__name__})"
            return DetailMissing(self._session.company, what, day=row.day, radicado=row.numero_radicado)
        assert isinstance(error, PortalError | PlaywrightError | TimeoutError)
        fault = named(error, self._session, at_login=tab is not None and tab.at_login)
        if (
            isinstance(fault, SessionExpired | AccessBlocked)
            and self._session.logins == logins
            and await self._session.shows_the_list()
        ):
            own = (DetailDoubtful if fault.doubt else DetailMissing)(
                self._session.company,
                f"the portal refuses it, and still shows the list ({fault.what}){fault.doubt}",
                day=row.day,
                radicado=row.numero_radicado,
            )
            own.step = fault.step
            return own
        return fault

    async def _open_and_keep(self, detail: DetailTab, row: ListedRow, files: Files, last_try: bool) -> None:
        """Capture a PQR; one that is only read again is captured anew only if something differs."""
        await detail.show(row)
        assert detail.tab is not None
        read_at, standing = self._now(), self.standing(self._store, row)
        reading = await detail.read(row) if standing else None
        if standing and reading and self._says(standing, reading):
            pdf, fetched, lacking = b"", Fetched(), len(standing.adjuntos_faltantes)
            if lacking:
                pdf = self._store.read(standing, Clase.PDF)
                fetched = await files.fetch(
                    detail.tab, reading, read_at, only_missing=True, last_try=last_try
                )
            if len(fetched.missing) == lacking:
                self._report.reread[row.numero_radicado] = read_at
                return
        else:
            reading, pdf = await detail.read_and_print(row)
            fetched = await files.fetch(detail.tab, reading, read_at, only_missing=False, last_try=last_try)
        with self._store.draft(row.numero_radicado, row.huella, read_at) as draft:
            draft.add(Clase.JSON, JSON_NAME, reading.pqr.to_json())
            draft.add(Clase.PDF, PDF_NAME, pdf)
            for name, data in fetched.files:
                draft.add(Clase.ADJUNTO, name, data)
            draft.missing = fetched.missing
        self._report.fresh.append(row.numero_radicado)
        self._report.attachments += len(fetched.files)
        self._report.missing_files += len(fetched.missing)

    def _says(self, standing: Manifest, reading: Reading) -> bool:
        """Whether a capture says what the page does: the same record, and as many files by each name."""
        captured = self._store.read_pqr(standing)
        if set(reading.unlinked) - {file.nombre for file in standing.adjuntos_faltantes}:
            raise LayoutChanged(
                self._session.company, "the detail page names files without a link", day=standing.fecha
            )
        if gone := sorted(name for name in reading.absent if getattr(captured, name)):
            raise LayoutChanged(
                self._session.company,
                f"the detail page has no label any more for {', '.join(gone)}",
                day=standing.fecha,
            )
        names = Counter([*reading.attachments, *reading.unlinked])
        return standing.names == names and captured == reading.pqr
