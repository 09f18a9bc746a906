"""What must hold of a partition, asked from outside: checks query disk, database and bucket themselves."""

import dagster as dg

from ov_assets.assets.company_csv import company_csv
from ov_assets.assets.pqr_captures import pqr_captures
from ov_assets.assets.rds_table import rds_table
from ov_assets.assets.s3_objects import s3_objects
from ov_assets.assets.s3_pending import look
from ov_assets.coverage_check import fields_as_full_as_before
from ov_assets.partitions import company_date, company_day
from ov_assets.pqr.content_hash import hash_registro
from ov_assets.pqr.csv_contract import CsvContractError, read_company_csv, read_rejects_csv
from ov_assets.pqr.record import FIELDS, Pqr
from ov_assets.rds.compare import csv_equals_table
from ov_assets.rds.listing import listed
from ov_assets.rds.status import status
from ov_assets.resources import Database, Disk, ObjectStore

NAMED_MAX = 50


# Never blocking: what was captured goes on, whatever can't be.
@dg.asset_check(asset=pqr_captures, partitions_def=company_date)
def every_listed_pqr_captured(
    context: dg.AssetCheckExecutionContext, database: Database, disk: Disk
) -> dg.AssetCheckResult:
    """Cada PQR que el portal lista está completa en disco; la que falta se nombra, con su causa."""
    partition = company_day(context.partition_key)
    store = disk.captures(partition)
    failures = store.outcome()
    manifests = store.manifests()
    whole = {radicado for radicado, manifest in manifests.items() if not store.missing_files(manifest)}
    with database.connect() as connection:
        expected = {row.numero_radicado for row in listed(connection, partition.company, partition.day)}
    # A PQR that changed and could not be captured again is on disk as it was before.
    missing = {
        radicado: failures.get(radicado, "not on disk")
        for radicado in sorted(expected)
        if radicado not in whole or radicado in failures
    }
    return dg.AssetCheckResult(
        passed=not missing,
        description=_named(missing) if missing else f"{len(expected)} of {len(expected)} captured",
        metadata={
            "listadas": len(expected),
            "faltan": len(missing),
            "faltantes": dg.MetadataValue.json(dict(list(missing.items())[:NAMED_MAX])),
        },
    )


@dg.asset_check(asset=company_csv, blocking=True, partitions_def=company_date)
def csv_contract(context: dg.AssetCheckExecutionContext, disk: Disk) -> dg.AssetCheckResult:
    """El CSV tiene el encabezado fijo; cada captura está en él o en los rechazos; los hashes coinciden."""
    partition = company_day(context.partition_key)
    try:
        rows = read_company_csv(disk.csv(partition))
        rejected = {row["numero_radicado"] for row in read_rejects_csv(disk.rejects(partition))}
    except CsvContractError as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    problems: dict[str, str] = {}
    in_csv = [row["numero_radicado"] for row in rows]
    for radicado in disk.captures(partition).manifests():
        if radicado not in in_csv and radicado not in rejected:
            problems[radicado] = "captured, but not in the CSV"
    for row in rows:
        radicado = row["numero_radicado"]
        if row["empresa"] != partition.company:
            problems[radicado] = "another company's row"
        elif not row["otros_campos"]:
            record = Pqr.of({name: row[name] for name in FIELDS})
            if hash_registro(record) != row["hash_registro"]:
                problems[radicado] = "hash_registro isn't the hash of the row"
    if len(set(in_csv)) != len(in_csv):
        problems["*"] = "a radicado stands in it twice"
    return dg.AssetCheckResult(
        passed=not problems,
        description=_named(problems) if problems else f"{len(rows)} rows",
        metadata={"filas": len(rows), "problemas": dg.MetadataValue.json(problems)},
    )


@dg.asset_check(asset=rds_table, blocking=True, partitions_def=company_date)
def rds_equals_csv(
    context: dg.AssetCheckExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.AssetCheckResult:
    """La tabla tiene cada fila del CSV con el mismo contenido, salvo las que están en cuarentena."""
    partition = company_day(context.partition_key)
    with database.connect() as connection:
        found = csv_equals_table(connection, partition.company, read_company_csv(disk.csv(partition)))
        (day,) = status(connection, partition.company, partition.day, partition.day, store.bucket_name)
    unexplained = found.distintas + max(0, found.faltan - day.rechazadas)
    return dg.AssetCheckResult(
        passed=not unexplained,
        description=f"{found.iguales} equal, {found.mas_nuevas} newer in RDS, {unexplained} unexplained",
        metadata={
            "iguales": found.iguales,
            "mas_nuevas": found.mas_nuevas,
            "faltan": found.faltan,
            "distintas": found.distintas,
            "en_cuarentena": day.rechazadas,
        },
    )


@dg.asset_check(asset=s3_objects, partitions_def=company_date)
def s3_equals_registry(
    context: dg.AssetCheckExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.AssetCheckResult:
    """Cada archivo registrado está en el bucket con su tamaño y ETag, y ningún objeto carece de registro."""
    partition = company_day(context.partition_key)
    with database.connect() as connection:
        diff = look(partition, connection, store.open(), disk)
    good = diff.complete and not diff.huerfanos
    return dg.AssetCheckResult(
        passed=good,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{diff.files - len(diff.pending)} of {diff.files} files in S3, {diff.huerfanos} unknown",
        metadata={
            "archivos": diff.files,
            "pendientes": len(diff.pending),
            "objetos_sin_registro": diff.huerfanos,
            "motivos": dg.MetadataValue.json(diff.reasons()),
        },
    )


def _named(problems: dict[str, str]) -> str:
    shown = [f"{radicado}: {why}" for radicado, why in list(problems.items())[:NAMED_MAX]]
    return f"{len(problems)} — " + "; ".join(shown)


CHECKS = [
    every_listed_pqr_captured,
    fields_as_full_as_before,
    csv_contract,
    rds_equals_csv,
    s3_equals_registry,
]
