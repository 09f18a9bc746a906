"""A company and a calendar day in Bogotá: what every part of the flow is asked for. It knows no Dagster."""

from datetime import date, datetime
from typing import NamedTuple

from ov_assets.timezone import BOGOTA

FIRST_DAY = date(2021, 11, 24)


class CompanyDay(NamedTuple):
    """One partition: a company's slug and a calendar day in Bogotá."""

    company: str
    day: date

    def __str__(self) -> str:
        return f"{self.company}|{self.day.isoformat()}"


def company_day(partition_key: str) -> CompanyDay:
    """Parse a key such as `afinia|2025-10-13`; raises ValueError for another text.

    Dagster hands over a plain string where a run was launched with one tag only (GraphQL, direct
    invocation), so the key is parsed here rather than through `context.multi_partition_key`.
    """
    company, day = str(partition_key).split("|")
    return CompanyDay(company, date.fromisoformat(day))


def today() -> date:
    """The current day in Bogotá (UTC−5, no daylight saving)."""
    return datetime.now(BOGOTA).date()
