"""Portal → staging and `listado_ov`: what a portal lists, and what of it is captured.

While a portal is read, a connection does nothing but hold the account's lock; what was seen is written on
another one, since the lock's may be gone by then.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from ov_assets.days import CompanyDay
from ov_assets.flow import progress, rereads
from ov_assets.flow.rereads import Connect
from ov_assets.flow.reserve import reserved
from ov_assets.portal import row as portal
from ov_assets.portal.capture import capture_day
from ov_assets.portal.errors import PortalError
from ov_assets.portal.pages.look import FINALIZADO, Look
from ov_assets.portal.pages.looking import list_window
from ov_assets.portal.report import CaptureReport
from ov_assets.portal.site import Limits, Site
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Manifest
from ov_assets.rds.asked import record_asked
from ov_assets.rds.connection import RdsError
from ov_assets.rds.listing import ListedRow, ListingCounts, record_listing
from ov_assets.timezone import BOGOTA


def walk(
    connect: Connect, site: Site, limits: Limits, first: date, last: date, report: CaptureReport
) -> tuple[Look, ListingCounts]:
    """Walk a company's list over some days, both ends included, and note what it shows.

    Raises PortalError, LockBusyError, LockLostError and RdsError.
    """
    company = site.company.slug
    with connect() as guard, reserved(guard, company) as still_ours:
        started = datetime.now(BOGOTA)
        look = list_window(site, first, last, limits, report, still_ours)
        counts = _note(connect, company, (first, last), look.rows.values(), started, complete=look.steady)
    return look, counts


def capture(
    connect: Connect,
    site: Site,
    limits: Limits,
    day: date,
    store: CaptureStore,
    report: CaptureReport,
    *,
    by_hand: bool = False,
    reread_all: bool = False,
) -> ListingCounts:
    """Capture what a portal lists of a day; note what was listed, what lacks and why, whatever stops it.

    What is due is read again; by_hand: so is whatever lacks a file. reread_all: and everything else.
    Raises PortalError, LockBusyError, LockLostError and RdsError.
    """
    partition = CompanyDay(site.company.slug, day)
    with connect() as guard, reserved(guard, partition.company) as still_ours:
        started = datetime.now(BOGOTA)
        with connect() as connection:
            due = rereads.due_now(connection, partition.company, started, day)
        chosen = {radicado for group in due for radicado in group.radicados}
        counted = {radicado for group in due if not group.lacks_file for radicado in group.radicados}

        def again(manifest: Manifest) -> bool:
            is_due = manifest.numero_radicado in chosen
            return reread_all or is_due or (by_hand and lacks_files(manifest))

        try:
            read_day(site, limits, day, store, report, still_ours, again)
        except (PortalError, RdsError):
            if report.looks:
                _keep(connect, partition, store, report, started, complete=False)
            rereads.note(connect, partition.company, store, report, counted, started)
            raise
        counts = _keep(connect, partition, store, report, started, complete=True)
        rereads.note(connect, partition.company, store, report, counted, started)
        return counts


def lacks_files(manifest: Manifest) -> bool:
    return bool(manifest.adjuntos_faltantes)


def read_day(
    site: Site,
    limits: Limits,
    day: date,
    store: CaptureStore,
    report: CaptureReport,
    still_ours: Callable[[], None],
    again: Callable[[Manifest], bool],
) -> None:
    """Bring the captures of a day up to date. Raises PortalError, and what `still_ours` raises."""
    capture_day(
        site,
        day,
        store,
        limits,
        now=lambda: datetime.now(BOGOTA),
        on_progress=lambda done, total: progress.report("pqr_captures", done, total),
        report=report,
        still_ours=still_ours,
        again=again,
    )


def _keep(
    connect: Connect,
    partition: CompanyDay,
    store: CaptureStore,
    report: CaptureReport,
    started: datetime,
    *,
    complete: bool,
) -> ListingCounts:
    """What was listed and when, in the database; what is missing and why, there and beside the captures."""
    company, day = partition
    failures = {failure.numero_radicado: failure.cause for failure in report.failures.values()}
    store.record_outcome(failures)
    counts = _note(connect, company, (day, day), report.listed.values(), started, complete=complete)
    if complete:
        assert report.looked_at is not None
        with connect() as connection:
            record_asked(connection, company, day, report.looked_at, failures)
    return counts


def _note(
    connect: Connect,
    company: str,
    window: tuple[date, date],
    rows: Iterable[portal.ListedRow],
    started: datetime,
    *,
    complete: bool,
) -> ListingCounts:
    shown = [ListedRow(row.numero_radicado, row.fecha, row.estado, row.huella) for row in rows]
    with connect() as connection:
        return record_listing(
            connection, company, *window, shown, started, complete=complete, estado=FINALIZADO
        )
