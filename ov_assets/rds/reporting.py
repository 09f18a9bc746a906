"""What the reports ask of the tables."""

from datetime import date

import psycopg

from ov_assets.rds.connection import company_query, private_errors, query


@private_errors
def trend(conn: psycopg.Connection, company: str, first_day: date, last_day: date) -> list[tuple]:
    """(day, listed, loaded, whole in S3): PQR of each day, both ends included, in order.

    Raises UnknownCompanyError, DatabaseDownError, DatabaseError.
    """
    days = {"empresa": company, "desde": first_day, "hasta": last_day}
    with conn.transaction():
        return conn.execute(company_query("report_trend", company), days).fetchall()


@private_errors
def quarantined(conn: psycopg.Connection, company: str, day: date, limit: int) -> list[tuple[str, str]]:
    """(radicado or '', reason code) of the rejects of one day that still wait. Raises RdsError."""
    params = {"empresa": company, "fecha": day, "limite": limit}
    with conn.transaction():
        return conn.execute(query("report_quarantine"), params).fetchall()
