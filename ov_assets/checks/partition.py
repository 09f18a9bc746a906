"""What must hold of a partition, asked from outside: checks query disk, database and bucket themselves."""

from itertools import islice

import dagster as dg

from ov_assets.assets.company_csv import company_csv
from ov_assets.assets.pqr_captures import pqr_captures
from ov_assets.assets.rds_table import rds_table
from ov_assets.assets.s3_objects import s3_objects
from ov_assets.checks.coverage import fields_as_full_as_before
from ov_assets.days import company_day
from ov_assets.flow.diff import look
from ov_assets.partitions import company_date
from ov_assets.pqr.content_hash import hash_registro
from ov_assets.pqr.csv_contract import CsvContractError, read_company_csv, read_rejects_csv
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.record import FIELDS, Pqr
from ov_assets.rds.compare import csv_equals_table
from ov_assets.rds.listing import listed
from ov_assets.rds.replay import PendingReject, pending_rejects
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.s3.keys import safe_radicado

NAMED_MAX = 50
FIRST_LINE = 2  # the header is line 1


# Never blocking: what was captured goes on, whatever can't be.
@dg.asset_check(asset=pqr_captures, partitions_def=company_date)
def every_listed_pqr_captured(
    context: dg.AssetCheckExecutionContext, database: Database, disk: Disk
) -> dg.AssetCheckResult:
    """Cada PQR listada está completa en disco; la que falta, y el adjunto que falta, con su causa."""
    partition = company_day(context.partition_key)
    store = disk.open().captures(partition)
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
    for radicado in sorted(expected & whole - missing.keys()):
        if files := manifests[radicado].adjuntos_faltantes:
            missing[radicado] = ", ".join(map(str, files))
    return dg.AssetCheckResult(
        passed=not missing,
        description=_named(missing) if missing else f"{len(expected)} of {len(expected)} captured",
        metadata={
            "listadas": len(expected),
            "faltan": len(missing),
            "faltantes": dg.MetadataValue.json(_capped(missing)),
        },
    )


@dg.asset_check(asset=company_csv, blocking=True, partitions_def=company_date)
def csv_contract(context: dg.AssetCheckExecutionContext, disk: Disk) -> dg.AssetCheckResult:
    """El CSV tiene el encabezado fijo; cada captura está en él o en los rechazos; los hashes coinciden."""
    partition = company_day(context.partition_key)
    try:
        rows = read_company_csv(disk.open().csv(partition))
        rejected = {row["numero_radicado"] for row in read_rejects_csv(disk.open().rejects(partition))}
    except CsvContractError as error:
        return dg.AssetCheckResult(passed=False, description=str(error))
    problems: dict[str, str] = {}
    in_csv = [row["numero_radicado"] for row in rows]
    for radicado in disk.open().captures(partition).manifests():
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
        problems["csv"] = "a radicado stands in it twice"
    return dg.AssetCheckResult(
        passed=not problems,
        description=_named(problems) if problems else f"{len(rows)} rows",
        metadata={
            "filas": len(rows),
            "con_problema": len(problems),
            "problemas": dg.MetadataValue.json(_capped(problems)),
        },
    )


@dg.asset_check(asset=rds_table, blocking=True, partitions_def=company_date)
def rds_equals_csv(
    context: dg.AssetCheckExecutionContext, database: Database, disk: Disk
) -> dg.AssetCheckResult:
    """La tabla tiene cada fila del CSV con el mismo contenido, salvo las que están en cuarentena."""
    partition = company_day(context.partition_key)
    path = disk.open().csv(partition)
    rows = read_company_csv(path)
    with database.connect() as connection:
        found = csv_equals_table(connection, partition.company, rows)
        rejects = pending_rejects(connection, partition.company, partition.day)
    quarantined = _quarantined(rejects, rows, sha256_of(path))
    unexplained = {radicado: "not in the table" for radicado in found.faltan if radicado not in quarantined}
    unexplained |= {radicado: "differs" for radicado in found.distintas if radicado not in quarantined}
    return dg.AssetCheckResult(
        passed=not unexplained,
        description=f"{found.iguales} equal, {len(found.mas_nuevas)} newer in RDS, {_named(unexplained)}",
        metadata={
            "iguales": found.iguales,
            "mas_nuevas": len(found.mas_nuevas),
            "faltan": len(found.faltan),
            "distintas": len(found.distintas),
            "en_cuarentena": len(rejects),
            "sin_explicar": len(unexplained),
            "radicados_sin_explicar": dg.MetadataValue.json(_capped(unexplained)),
        },
    )


def _quarantined(rejects: list[PendingReject], rows: list[dict[str, str]], digest: str) -> set[str]:
    """What stands as radicado in the rows that wait in quarantine; rows and digest are the CSV's.

    A reject keeps no radicado that isn't one: its line tells what stands there, if it is of this very file.
    """
    texts = (row["numero_radicado"].replace("\x00", "") for row in rows)
    by_line = dict(enumerate(texts, start=FIRST_LINE))
    return {reject.numero_radicado for reject in rejects if reject.numero_radicado is not None} | {
        by_line[reject.linea]
        for reject in rejects
        if reject.archivo_hash == digest and reject.linea in by_line
    }


@dg.asset_check(asset=s3_objects, partitions_def=company_date)
def s3_equals_registry(
    context: dg.AssetCheckExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.AssetCheckResult:
    """Cada archivo registrado está en el bucket con su tamaño y ETag, y ningún objeto carece de registro."""
    partition = company_day(context.partition_key)
    with database.connect() as connection:
        diff = look(partition, connection, store.open(), disk.open().root)
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


def _capped(problems: dict[str, str]) -> dict[str, str]:
    """Some of the problems, by what may be shown of their radicado."""
    return {safe_radicado(radicado): why for radicado, why in islice(problems.items(), NAMED_MAX)}


def _named(problems: dict[str, str]) -> str:
    shown = [f"{radicado}: {why}" for radicado, why in _capped(problems).items()]
    return f"{len(problems)} — " + "; ".join(shown)


CHECKS = [
    every_listed_pqr_captured,
    fields_as_full_as_before,
    csv_contract,
    rds_equals_csv,
    s3_equals_registry,
]
