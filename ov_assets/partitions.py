"""Company × date: every partition is a question to one portal about one day, in Bogotá's calendar."""

from datetime import date, datetime
from typing import NamedTuple

import dagster as dg

from ov_assets.companies import COMPANIES
from ov_assets.timezone import BOGOTA, TIMEZONE

FIRST_DAY = date(2021, 11, 24)

company_partitions = dg.StaticPartitionsDefinition(list(COMPANIES))
# end_offset=1: the two-hourly run asks for the day in progress too.
daily_partitions = dg.DailyPartitionsDefinition(FIRST_DAY.isoformat(), timezone=TIMEZONE, end_offset=1)
# Dagster sorts dimensions by name, so renaming one would flip the keys and orphan all history.
company_date = dg.MultiPartitionsDefinition({"company": company_partitions, "date": daily_partitions})


class CompanyDay(NamedTuple):
    """One partition: a company's slug and a calendar day in Bogotá."""

    company: str
    day: date

    @property
    def key(self) -> dg.MultiPartitionKey:
        return dg.MultiPartitionKey({"company": self.company, "date": self.day.isoformat()})

    def __str__(self) -> str:
        return f"{self.company}|{self.day.isoformat()}"


def company_day(partition_key: str) -> CompanyDay:
    """Parse a key such as `afinia|2025-10-13`.

    Dagster hands over a plain string where a run was launched with one tag only (GraphQL, direct
    invocation), so the key is parsed here rather than through `context.multi_partition_key`.
    """
    keys = company_date.get_partition_key_from_str(str(partition_key)).keys_by_dimension
    return CompanyDay(keys["company"], date.fromisoformat(keys["date"]))


def today() -> date:
    """The current day in Bogotá (UTC−5, no daylight saving)."""
    return datetime.now(BOGOTA).date()
