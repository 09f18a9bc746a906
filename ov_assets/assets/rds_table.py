"""CSV → RDS."""

import dagster as dg

from ov_assets.assets.common import GROUP, OWNERS, table
from ov_assets.assets.company_csv import company_csv
from ov_assets.companies import COMPANIES
from ov_assets.days import CompanyDay, company_day
from ov_assets.flow.load import captured_in, files_of_partition
from ov_assets.partitions import company_date, partition_key
from ov_assets.pqr.csv_contract import CsvContractError
from ov_assets.rds.listing import record_captured
from ov_assets.rds.loader import load_partition
from ov_assets.rds.rejects import Thresholds, TooManyRejectsError
from ov_assets.resources import Database, Disk
from ov_assets.settings import Settings


def written_sha256(instance: dg.DagsterInstance, partition: CompanyDay) -> str | None:
    """SHA-256 of the CSV that company_csv last wrote for a partition, as Dagster has it on record."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=company_csv.key, asset_partitions=[partition_key(partition)]), limit=1
    ).records
    materialization = records[0].asset_materialization if records else None
    found = materialization.metadata.get("sha256") if materialization else None
    return str(found.value) if found else None


@dg.asset(
    partitions_def=company_date,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres", "sql", "table"},
    deps=[company_csv],
)
def rds_table(context: dg.AssetExecutionContext, database: Database, disk: Disk) -> dg.MaterializeResult:
    """Carga el CSV de una empresa y un día en `data_general.ov_afinia` u `ov_aire`, y anota sus archivos.

    Una sola transacción: o queda todo, o no queda nada. Una fila igual no se reescribe; una captura más
    vieja nunca pisa una más nueva; lo que decía la fila antes de un cambio queda en `historial_ov`.
    Las filas que no se pueden cargar quedan en `rechazos_ov` con su motivo.
    """
    partition = company_day(context.partition_key)
    path, settings = disk.csv(partition), Settings()
    try:
        if not path.is_file():
            raise CsvContractError(f"{partition}: there is no CSV yet. Materialize company_csv first.")
        files = list(files_of_partition(disk.captures(partition), path))
        with database.connect() as connection:
            load = load_partition(
                connection,
                partition.company,
                partition.day,
                path,
                disk.rejects(partition),
                files,
                context.run.run_id,
                Thresholds(settings.ov_rejects_max_rows, settings.ov_rejects_max_share),
                settings.row_key(),
                written_sha256(context.instance, partition),
            )
            # Noted here and not when it is on disk: a chain that died in between would never be asked for.
            record_captured(connection, partition.company, captured_in(disk.root, partition))
    except (CsvContractError, TooManyRejectsError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": load.filas - load.rechazadas - load.duplicadas,
            "dagster/table_name": f"data_general.{COMPANIES[partition.company].table}",
            "filas": load.filas,
            "insertadas": load.insertadas,
            "actualizadas": load.actualizadas,
            "sin_cambio": load.sin_cambio,
            "duplicadas": load.duplicadas,
            "rechazadas": load.rechazadas + load.rechazadas_csv,
            "archivos": load.archivos,
            "ya_cargado": load.ya_cargado,
            "motivos": table(
                ({"motivo": motivo, "filas": count} for motivo, count in sorted(load.motivos.items())),
                ("motivo", "filas"),
            ),
        }
    )
