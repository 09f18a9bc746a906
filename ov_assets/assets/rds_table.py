"""CSV → RDS."""

import dagster as dg

from ov_assets.assets.common import flow_asset, table
from ov_assets.assets.company_csv import company_csv
from ov_assets.companies import COMPANIES
from ov_assets.days import company_day
from ov_assets.flow.load import load
from ov_assets.pqr.csv_contract import CsvContractError
from ov_assets.rds.rejects import TooManyRejectsError
from ov_assets.resources import Database, Disk


@flow_asset(kinds={"postgres", "sql", "table"}, deps=[company_csv])
def rds_table(context: dg.AssetExecutionContext, database: Database, disk: Disk) -> dg.MaterializeResult:
    """Carga el CSV de una empresa y un día en `data_general.ov_afinia` u `ov_aire`, y anota sus archivos.

    Una sola transacción: o queda todo, o no queda nada. Una fila igual no se reescribe; una captura más
    vieja nunca pisa una más nueva; lo que decía la fila antes de un cambio queda en `historial_ov`.
    Las filas que no se pueden cargar quedan en `rechazos_ov` con su motivo.
    """
    partition = company_day(context.partition_key)
    try:
        with database.connect() as connection:
            loaded = load(partition, connection, disk.open(), context.run.run_id)
    except (CsvContractError, TooManyRejectsError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": loaded.filas - loaded.rechazadas - loaded.duplicadas,
            "dagster/table_name": f"data_general.{COMPANIES[partition.company].table}",
            "filas": loaded.filas,
            "insertadas": loaded.insertadas,
            "actualizadas": loaded.actualizadas,
            "sin_cambio": loaded.sin_cambio,
            "duplicadas": loaded.duplicadas,
            "rechazadas": loaded.rechazadas + loaded.rechazadas_csv,
            "archivos": loaded.archivos,
            "ya_cargado": loaded.ya_cargado,
            "motivos": table(
                ({"motivo": motivo, "filas": count} for motivo, count in sorted(loaded.motivos.items())),
                ("motivo", "filas"),
            ),
        }
    )
