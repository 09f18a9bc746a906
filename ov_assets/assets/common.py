"""What the assets of the flow share."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from ov_assets.rds.listing import ListingCounts

GROUP = "oficina_virtual"
OWNERS = ["team:oficina-virtual"]
TABLE_ROWS_MAX = 20


def without_a_day(log: dg.DagsterLogManager, counts: ListingCounts) -> dict[str, int]:
    """What the list shows and no partition can have, as metadata, and a warning when there is any."""
    found = {"sin_fecha": counts.sin_fecha, "sin_radicado": counts.sin_radicado}
    if any(found.values()):
        log.warning(
            f"the list has {counts.sin_fecha} PQR whose Fecha can't be read and {counts.sin_radicado} rows"
            " without a radicado: they belong to no day, so nothing captures them"
        )
    return found


def table(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> dg.TableMetadataValue:
    """A table for the UI, cut to a glance; the columns stand even when there are no rows."""
    records = [dg.TableRecord({name: row[name] for name in columns}) for row in list(rows)[:TABLE_ROWS_MAX]]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in columns])
    return dg.MetadataValue.table(records, schema=schema)
