"""Disk → CSV."""

import dagster as dg

from ov_assets.assets.common import flow_asset, table_of
from ov_assets.assets.pqr_captures import pqr_captures
from ov_assets.days import company_day
from ov_assets.pqr.consolidate import consolidate
from ov_assets.pqr.csv_contract import COLUMNS, write_company_csv, write_rejects_csv
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.shapes import odd_shapes
from ov_assets.resources import Disk


@flow_asset(kinds={"csv", "python"}, deps=[pqr_captures])
def company_csv(context: dg.AssetExecutionContext, disk: Disk) -> dg.MaterializeResult:
    """Reúne las PQR capturadas de una empresa y un día en un CSV con encabezado fijo, y los rechazos al lado.

    Todo es texto tal como lo muestra el portal: ceros a la izquierda, letras y dígitos de verificación
    se conservan. Las mismas capturas dan siempre los mismos bytes.
    """
    partition = company_day(context.partition_key)
    staging = disk.open()
    store = staging.captures(partition)
    failures = store.outcome()
    rows, rejects = consolidate(store)
    path = staging.csv(partition)
    write_rejects_csv(staging.rejects(partition), rejects)
    write_company_csv(path, rows)
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": len(rows),
            "dagster/column_schema": dg.TableSchema([dg.TableColumn(name, "text") for name in COLUMNS]),
            "dagster/uri": path.as_uri(),
            "filas": len(rows),
            "rechazos": len(rejects),
            "sin_capturar": len(failures),
            **{f"avisos_{name}": count for name, count in odd_shapes(rows).items()},
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
            "motivos": table_of(rejects, "numero_radicado", "motivo"),
        }
    )
