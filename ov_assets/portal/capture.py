"""Capture of one company and day: what the list shows and disk lacks, until two looks at the list agree.

Expected is what the portal itself lists; captured is what stands on disk with its manifest. The
difference is named radicado by radicado, each with its cause.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from time import monotonic

from ov_assets.portal.browser.evidence import Evidence, remove_old_evidence
from ov_assets.portal.browser.session import PortalSession, portal_session
from ov_assets.portal.errors import FilterNotApplied, ListUnstable
from ov_assets.portal.pages.details import Details
from ov_assets.portal.pages.list import OnPage, PqrList
from ov_assets.portal.pages.look import FINALIZADO, Filter, Look
from ov_assets.portal.pages.looking import patient_look, wider_look
from ov_assets.portal.report import CaptureReport, Failure
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Limits, Site
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Manifest

Progress = Callable[[int, int], None]
StillOurs = Callable[[], None]
Again = Callable[[Manifest], bool]
Ask = Callable[[PortalSession, PqrList, Filter, OnPage], Awaitable[Look]]


class _Capture:
    def __init__(
        self,
        site: Site,
        day: date,
        store: CaptureStore,
        limits: Limits,
        now: Callable[[], datetime],
        report: CaptureReport,
        still_ours: StillOurs,
        again: Again,
    ) -> None:
        self.site, self.day, self.store, self.limits, self.now = site, day, store, limits, now
        self.report, self.still_ours, self.again = report, still_ours, again
        self.wanted = Filter(FINALIZADO, day, day)

    async def run(self, on_progress: Progress) -> None:
        begin = monotonic()
        self.store.recover()
        if self.limits.keep is not None:
            remove_old_evidence(self.limits.keep)
        evidence = Evidence(self.site, self.day, self.limits.keep)
        self.report.evidence = evidence.folders
        try:
            async with portal_session(self.site, self.limits, self.day, evidence) as session:
                pqr_list = PqrList(session)
                try:
                    await self._look_and_capture(session, pqr_list, on_progress)
                finally:
                    self.report.page_turns, self.report.logins = pqr_list.page_turns, session.logins
        except Exception as error:
            self._name_the_rest(error)
            raise
        finally:
            self.report.seconds = monotonic() - begin

    async def _look_and_capture(
        self, session: PortalSession, pqr_list: PqrList, on_progress: Progress
    ) -> None:
        """The details are captured while the list is walked: neither has to wait for the other."""
        details = Details(session, self.store, self.now, self.report, self.still_ours, self.again)
        walking = asyncio.Lock()

        async def recycle() -> None:
            async with walking:
                await pqr_list.close()
                await session.recycle()

        async def look(ask: Ask) -> Look:
            async with walking:
                return await ask(session, pqr_list, self.wanted, self._sees(details))

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(details.capture(on_progress, recycle))
                try:
                    await self._until_two_looks_agree(look, details)
                except ListUnstable:
                    await details.done()
                    raise
                details.no_more()
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None

    def _sees(self, details: Details) -> Callable[[list[ListedRow]], None]:
        """What to do with a page of the list."""

        def sees(rows: list[ListedRow]) -> None:
            self.still_ours()
            of_the_day = [row for row in rows if row.day == self.day]
            for row in of_the_day:
                self.report.listed.setdefault(row.numero_radicado, row)
            details.offer(of_the_day)

        return sees

    async def _until_two_looks_agree(self, look: Callable[[Ask], Awaitable[Look]], details: Details) -> None:
        """The second look asks for the day alone, so that two different questions have the same answer.

        A portal that leaves out an end of its dates answers less, or takes no such question; then only the
        wider one is asked from there on.
        """
        previous: Look | None = None
        while True:
            began = self.now()
            try:
                seen = await look(patient_look if self.report.looks == 1 else wider_look)
            except FilterNotApplied:
                if self.report.looks != 1:
                    raise
                seen = await look(wider_look)
            self.report.looks += 1
            self.report.listed, self.report.repeated = seen.rows, seen.repeated
            self.report.looked_at = began
            if previous is not None:
                await details.done()  # a row that changed meanwhile is captured anew, not twice at once
            details.offer(seen.rows.values())
            if seen.agrees_with(previous):
                await details.done()
                details.offer_doubtful(seen.rows.values())
                return
            if self.report.looks == self.limits.looks_max:
                raise ListUnstable(self.site.company.slug, f"{self.report.looks} looks differ", day=self.day)
            previous = seen

    def _name_the_rest(self, error: Exception) -> None:
        """The work stops: what is listed and not captured lacks because of this."""
        for row in self.report.listed.values():
            if row.numero_radicado not in self.report.failures and not Details.standing(self.store, row):
                self.report.failures[row.numero_radicado] = Failure.of(row.numero_radicado, error)


def capture_day(
    site: Site,
    day: date,
    store: CaptureStore,
    limits: Limits,
    now: Callable[[], datetime],
    on_progress: Progress = lambda done, total: None,
    report: CaptureReport | None = None,
    still_ours: StillOurs = lambda: None,
    again: Again = lambda _: False,
) -> CaptureReport:
    """Capture every finalised PQR of one day; what is on disk and unchanged in the list isn't opened again.

    But if `again` says so of its capture: then its page is read once more, the files that it lacks are asked
    for, and it is captured anew if anything differs.

    Returns a report that names each listed PQR that isn't captured. Raises a PortalError when the
    portal as a whole can't be read: down, blocked, login refused, layout changed, filter ignored; a `report`
    that was handed in then says how far it came. So it does when `still_ours` raises, which is called before
    each PQR and after each page of the list: the account may be somebody else's by now.
    """
    report = report if report is not None else CaptureReport()
    asyncio.run(_Capture(site, day, store, limits, now, report, still_ours, again).run(on_progress))
    return report
