"""What is read again at a portal, and what became of it: the plan, and the budget of a day."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import date, datetime

import psycopg

from ov_assets.companies import COMPANIES
from ov_assets.days import CompanyDay
from ov_assets.portal.report import CaptureReport
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Manifest
from ov_assets.pqr.plan import RETRY_AFTER, Due, next_reading, within
from ov_assets.rds.rereads import Reading, due, record_readings, spend, spent
from ov_assets.settings import Settings

Connect = Callable[[], AbstractContextManager[psycopg.Connection]]


def due_now(
    connection: psycopg.Connection, company: str, now: datetime, day: date | None = None
) -> list[Due]:
    """What of a company, or of one day of it, to read again, as far as today's budget reaches.

    now: in Bogotá's time, which says what today is. Raises RdsError.
    """
    left = Settings().ov_portal_rereads - spent(connection, company, now.date())
    return within(due(connection, company, now, day), left)


def days_due(connection: psycopg.Connection, now: datetime) -> set[CompanyDay]:
    """The days with PQR to read again now, of every company. Raises RdsError."""
    return {
        CompanyDay(company, group.fecha)
        for company in COMPANIES
        for group in due_now(connection, company, now)
    }


def note(
    connect: Connect,
    company: str,
    store: CaptureStore,
    report: CaptureReport,
    counted: Collection[str],
    now: datetime,
) -> None:
    """Note what was read again without a difference, or in vain; count those of `counted` that were opened.

    What differed is captured anew, and noted with that when it is loaded. Raises RdsError.
    """
    readings = [Reading(radicado, None, now + RETRY_AFTER) for radicado in report.unread]
    for radicado, read_at in report.reread.items():
        if (manifest := store.manifest(radicado)) is not None:
            is_blank = not store.read_pqr(manifest).numero_reclamo_sgc
            readings.append(Reading(radicado, read_at, planned(manifest, read_at, is_blank=is_blank)))
    opened = {*report.reread, *report.unread, *report.fresh}.intersection(counted)
    with connect() as connection:
        record_readings(connection, company, readings)
        if opened:
            spend(connection, company, now.date(), len(opened))


def planned(manifest: Manifest, read_at: datetime, *, is_blank: bool) -> datetime | None:
    """From when on a captured PQR that was read at that moment is due again."""
    return next_reading(
        manifest.extraido_en, read_at, lacking_since=manifest.lacking_since, is_blank=is_blank
    )
