"""Company × date: every partition is a question to one portal about one day, in Bogotá's calendar."""

import dagster as dg

from ov_assets.companies import COMPANIES
from ov_assets.days import FIRST_DAY, CompanyDay
from ov_assets.timezone import TIMEZONE

company_partitions = dg.StaticPartitionsDefinition(list(COMPANIES))
# end_offset=1: the two-hourly run asks for the day in progress too.
daily_partitions = dg.DailyPartitionsDefinition(FIRST_DAY.isoformat(), timezone=TIMEZONE, end_offset=1)
# Dagster sorts dimensions by name, so renaming one would flip the keys and orphan all history.
company_date = dg.MultiPartitionsDefinition({"company": company_partitions, "date": daily_partitions})


def partition_key(partition: CompanyDay) -> dg.MultiPartitionKey:
    """The key of a partition, as Dagster takes it."""
    return dg.MultiPartitionKey({"company": partition.company, "date": partition.day.isoformat()})
