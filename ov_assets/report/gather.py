"""Counting every step of one partition from what it left behind: list, disk, CSV, table, registry, bucket."""

from collections import Counter
from datetime import date, timedelta

import psycopg

from ov_assets import completeness
from ov_assets.companies import COMPANIES
from ov_assets.days import FIRST_DAY, CompanyDay
from ov_assets.flow.staging import Staging
from ov_assets.pqr.csv_contract import read_company_csv
from ov_assets.pqr.manifest import Clase
from ov_assets.pqr.record import FIELDS
from ov_assets.rds import reporting
from ov_assets.rds.compare import csv_equals_table
from ov_assets.rds.diff import PartitionDiff
from ov_assets.rds.listing import listed
from ov_assets.rds.status import status
from ov_assets.report.pages import ROWS_MAX
from ov_assets.report.summary import CompanySummary, Summary
from ov_assets.report.verification import Missing, TrendDay, Verification
from ov_assets.s3.keys import safe_radicado

TREND_DAYS = 30


def trend_of(connection: psycopg.Connection, partition: CompanyDay, bucket: str) -> list[TrendDay]:
    """The last 30 days up to this one. Raises RdsError."""
    first = max(partition.day - timedelta(days=TREND_DAYS - 1), FIRST_DAY)
    days = reporting.trend(connection, partition.company, first, partition.day, bucket)
    return [TrendDay(*row) for row in days]


def gather(
    partition: CompanyDay, connection: psycopg.Connection, diff: PartitionDiff, staging: Staging
) -> Verification:
    """The report of one partition; `diff` is a fresh look at the bucket.

    Raises NotCapturedError, BrokenCaptureError, CsvContractError, RdsError.
    """
    company, day = partition
    store = staging.captures(partition)
    captures = {
        radicado: manifest
        for radicado, manifest in store.manifests().items()
        if not store.missing_files(manifest)
    }
    failures = store.outcome()
    expected = [row.numero_radicado for row in listed(connection, company, day)]
    (counts,) = status(connection, company, day, day, diff.bucket)
    csv_path = staging.csv(partition)
    rows = read_company_csv(csv_path)
    # A PQR whose Fecha moved is listed and captured anew under its new day, and counts there.
    moved = set(csv_equals_table(connection, company, rows).mas_nuevas).difference(expected)
    rows = [row for row in rows if row["numero_radicado"] not in moved]
    files = [
        file for radicado, manifest in captures.items() if radicado not in moved for file in manifest.archivos
    ]
    classes = Counter(file.clase for file in files) + Counter({Clase.CSV: 1})
    return Verification(
        empresa=company,
        nombre_empresa=COMPANIES[company].name,
        fecha=day,
        listadas=len(expected),
        capturadas=sum(radicado in captures for radicado in expected),
        en_csv=len({row["numero_radicado"] for row in rows}.intersection(expected)),
        en_rds=counts.listadas_en_rds,
        rechazadas=counts.rechazadas,
        archivos=diff.files,
        archivos_por_clase={clase.value: classes[clase] for clase in Clase},
        bytes_total=sum(file.tamano for file in files) + csv_path.stat().st_size,
        en_s3=diff.files - len(diff.pending),
        estados={state.value: count for state, count in diff.counts.items()},
        faltantes=[
            *(
                _missing(radicado, "captura", failures.get(radicado, "no_esta_en_disco"))
                for radicado in expected
                if radicado not in captures or radicado in failures
            ),
            *(
                _missing(
                    radicado, f"adjunto {file.posicion}", f"{file.causa}, desde {file.desde:%d/%m/%Y %H:%M}"
                )
                for radicado in expected
                if radicado in captures
                for file in captures[radicado].adjuntos_faltantes
            ),
            *(_missing(file.numero_radicado, f"archivo {file.clase}", file.motivo) for file in diff.pending),
        ],
        cuarentena=[
            _missing(radicado, "fila", reason)
            for radicado, reason in reporting.quarantined(connection, company, day, ROWS_MAX)
        ],
        cobertura={name: sum(bool(row[name]) for row in rows) for name in FIELDS},
        tendencia=trend_of(connection, partition, diff.bucket),
    )


def _missing(numero_radicado: str, what: str, reason: str) -> Missing:
    # What people type into that field by mistake may be personal; digits are not.
    return Missing(safe_radicado(numero_radicado) if numero_radicado else "", what, reason)


def summarise(connection: psycopg.Connection, bucket: str, day: date) -> Summary:
    """The numbers of one day of every company. Raises RdsError."""
    return Summary(
        day,
        [
            CompanySummary(
                empresa=found.empresa,
                nombre_empresa=COMPANIES[found.empresa].name,
                listadas=found.estado.listadas,
                en_rds=found.estado.listadas_en_rds,
                rechazadas=found.estado.rechazadas,
                archivos=found.estado.archivos,
                en_s3=found.estado.subidos,
                faltas=list(found.faltas),
                tendencia=trend_of(connection, CompanyDay(found.empresa, day), bucket),
            )
            for found in completeness.of_all(connection, bucket, day)
        ],
    )
