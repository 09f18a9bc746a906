"""Everything that was done for a day, counted again from the outside → one page."""

import hashlib
from collections import Counter

import dagster as dg

from ov_assets.assets.common import GROUP, OWNERS
from ov_assets.assets.s3_objects import s3_objects
from ov_assets.assets.s3_pending import look
from ov_assets.companies import COMPANIES
from ov_assets.partitions import CompanyDay, company_date, company_day
from ov_assets.pqr.csv_contract import read_company_csv
from ov_assets.rds.listing import listed
from ov_assets.rds.status import status
from ov_assets.report.verification import Missing, Verification, to_html, to_json
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.s3.keys import report_key
from ov_assets.s3.store import Bucket


@dg.asset(
    partitions_def=company_date,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "s3"},
    deps=[s3_objects],
)
def verification_report(
    context: dg.AssetExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.MaterializeResult:
    """Cuenta de nuevo, desde afuera, cada paso de una empresa y un día, y lo deja en una página.

    No confía en lo que dijo ningún paso: vuelve a mirar la lista guardada, el disco, el CSV, la tabla, el
    registro y el bucket. La página y sus datos en JSON quedan también en S3, bajo `03_reports/`.
    """
    partition = company_day(context.partition_key)
    bucket = store.open()
    with database.connect() as connection:
        report = gather(partition, connection, bucket, disk)
    html, data = to_html(report), to_json(report)
    folder = disk.root / "reportes" / partition.company
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{partition.day.isoformat()}.html"
    page.write_text(html, encoding="utf-8")
    digest = hashlib.sha256(html.encode()).hexdigest()
    keys = [report_key(partition.company, partition.day, digest, name) for name in ("r.html", "r.json")]
    for key, text, kind in zip(keys, (html, data), ("text/html", "application/json"), strict=True):
        bucket.client.put_object(
            Bucket=bucket.name, Key=key, Body=text.encode(), ContentType=f"{kind}; charset=utf-8"
        )
    return dg.MaterializeResult(
        metadata={
            "completo": report.completo,
            "listadas": report.listadas,
            "capturadas": report.capturadas,
            "en_rds": report.en_rds,
            "archivos": report.archivos,
            "verificados_en_s3": report.en_s3,
            "faltantes": len(report.faltantes),
            "reporte": dg.MetadataValue.path(page),
            "reporte_s3": dg.MetadataValue.url(f"s3://{bucket.name}/{keys[0]}"),
            "resumen": dg.MetadataValue.md(summary(report)),
        }
    )


def gather(partition: CompanyDay, connection, bucket: Bucket, disk: Disk) -> Verification:
    """Count every step of one partition from what it left behind."""
    store = disk.captures(partition)
    captures = {
        radicado: manifest
        for radicado, manifest in store.manifests().items()
        if not store.missing_files(manifest)
    }
    failures = store.outcome()
    expected = [row.numero_radicado for row in listed(connection, partition.company, partition.day)]
    (counts,) = status(connection, partition.company, partition.day, partition.day)
    diff = look(partition, connection, bucket, disk)
    missing = [
        Missing(radicado, "captura", failures.get(radicado, "no está en disco"))
        for radicado in expected
        if radicado not in captures
    ] + [Missing(file.numero_radicado, f"archivo {file.clase}", file.motivo) for file in diff.pending]
    files = [file for manifest in captures.values() for file in manifest.archivos]
    csv_path = disk.csv(partition)
    return Verification(
        empresa=partition.company,
        nombre_empresa=COMPANIES[partition.company].name,
        fecha=partition.day,
        listadas=len(expected),
        capturadas=sum(radicado in captures for radicado in expected),
        en_csv=len(read_company_csv(csv_path)),
        en_rds=counts.filas,
        rechazadas=counts.rechazadas,
        archivos=diff.files,
        archivos_por_clase=dict(Counter(file.clase.value for file in files)) | {"csv": 1},
        bytes_total=sum(file.tamano for file in files) + csv_path.stat().st_size,
        en_s3=diff.files - len(diff.pending),
        estados={state.value: count for state, count in diff.counts.items()},
        faltantes=missing,
    )


def summary(report: Verification) -> str:
    """The report in the few lines that the asset's page shows."""
    mark = "✅ Completo" if report.completo else "❌ Incompleto"
    return (
        f"**{mark}** — {report.nombre_empresa}, {report.fecha:%d/%m/%Y}\n\n"
        f"| Listadas | Capturadas | CSV | RDS | Archivos | En S3 |\n|---|---|---|---|---|---|\n"
        f"| {report.listadas} | {report.capturadas} | {report.en_csv} | {report.en_rds} "
        f"| {report.archivos} | {report.en_s3} |\n"
    )
