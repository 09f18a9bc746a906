"""What the reports ask of the tables."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg

from ov_assets.rds.connection import company_query, private_errors, query


@private_errors
def trend(
    conn: psycopg.Connection, company: str, first_day: date, last_day: date, bucket: str
) -> list[tuple]:
    """(day, listed, loaded, whole in S3): PQR of each day, both ends included, in order.

    Raises UnknownCompanyError, DatabaseDownError, DatabaseError.
    """
    days = {"empresa": company, "desde": first_day, "hasta": last_day, "bucket": bucket}
    with conn.transaction():
        return conn.execute(company_query("report_trend", company), days).fetchall()


@private_errors
def quarantined(conn: psycopg.Connection, company: str, day: date, limit: int) -> list[tuple[str, str]]:
    """(radicado or '', reason code) of the rejects of one day that still wait. Raises RdsError."""
    params = {"empresa": company, "fecha": day, "limite": limit}
    with conn.transaction():
        return conn.execute(query("report_quarantine"), params).fetchall()


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is known of and hasn't arrived. desde: since when the oldest of it is known, None without any."""

    pqr: int
    archivos: int
    desde: datetime | None

    def age(self, now: datetime) -> timedelta:
        return now - self.desde if self.desde else timedelta(0)


@private_errors
def backlog(conn: psycopg.Connection, company: str, bucket: str) -> Backlog:
    """PQR listed but not loaded, and files on record but not in S3. Raises UnknownCompanyError, RdsError."""
    params = {"empresa": company, "bucket": bucket}
    with conn.transaction():
        row = conn.execute(company_query("report_backlog", company), params).fetchone()
    assert row is not None
    return Backlog(*row)


@private_errors
def same_weekday(conn: psycopg.Connection, company: str, day: date, weeks: int) -> list[int]:
    """PQR listed on a day, then on the same weekday of each week before it. Raises RdsError."""
    params = {"empresa": company, "fecha": day, "semanas": weeks}
    with conn.transaction():
        return [count for (count,) in conn.execute(query("report_weekdays"), params)]


@private_errors
def registry_totals(conn: psycopg.Connection) -> list[tuple[str, str, int, int]]:
    """(company, state, objects, bytes) over all days. Raises RdsError."""
    with conn.transaction():
        return conn.execute(query("metrics_states")).fetchall()


@private_errors
def open_alert_counts(conn: psycopg.Connection) -> dict[str, int]:
    """Open alerts by severity. Raises RdsError."""
    with conn.transaction():
        return dict(conn.execute(query("metrics_alerts")).fetchall())
