"""What the assets of the flow share."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import dagster as dg

from ov_assets.partitions import company_date

GROUP = "oficina_virtual"
OWNERS = ["team:oficina-virtual"]
TABLE_ROWS_MAX = 20

# An asset of one company and day.
flow_asset = partial(dg.asset, partitions_def=company_date, group_name=GROUP, owners=OWNERS)


def table(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> dg.TableMetadataValue:
    """A table for the UI, cut to a glance; the columns stand even when there are no rows."""
    records = [dg.TableRecord({name: row[name] for name in columns}) for row in list(rows)[:TABLE_ROWS_MAX]]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in columns])
    return dg.MetadataValue.table(records, schema=schema)


def table_of(items: Iterable[Any], *columns: str) -> dg.TableMetadataValue:
    """The same of objects, by the names of their attributes."""
    return table(({name: getattr(item, name) for name in columns} for item in items), columns)
