"""What the assets of the flow share."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

GROUP = "oficina_virtual"
OWNERS = ["team:oficina-virtual"]
TABLE_ROWS_MAX = 20


def table(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> dg.TableMetadataValue:
    """A table for the UI, cut to a glance; the columns stand even when there are no rows."""
    records = [dg.TableRecord({name: row[name] for name in columns}) for row in list(rows)[:TABLE_ROWS_MAX]]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in columns])
    return dg.MetadataValue.table(records, schema=schema)
