"""Everything that was done for a day, counted again from the outside → one page."""

import dagster as dg

from ov_assets.assets.common import flow_asset
from ov_assets.assets.s3_objects import s3_objects
from ov_assets.days import company_day
from ov_assets.flow.diff import look
from ov_assets.report.gather import gather
from ov_assets.report.pages import STEP_NAMES
from ov_assets.report.picture import as_markdown, picture
from ov_assets.report.verification import to_html, to_json
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.runs import step_seconds
from ov_assets.s3.reports import publish


@flow_asset(kinds={"python", "s3"}, deps=[s3_objects])
def verification_report(
    context: dg.AssetExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.MaterializeResult:
    """Cuenta de nuevo, desde afuera, cada paso de una empresa y un día, y lo deja en una página.

    No confía en lo que dijo ningún paso: vuelve a mirar la lista guardada, el disco, el CSV, la tabla, el
    registro y el bucket. La página y sus datos en JSON quedan también en S3, bajo `03_reports/`.
    """
    partition = company_day(context.partition_key)
    bucket, staging = store.open(), disk.open()
    with database.connect() as connection:
        report = gather(partition, connection, look(partition, connection, bucket, staging.root), staging)
    took = step_seconds(context.instance, context.run.run_id, STEP_NAMES)
    html, data = to_html(report, took), to_json(report)
    published = publish(bucket, staging.root, partition.company, partition.day, html, data)
    drawn = picture(report.nombre_empresa, report.fecha, report.completo, report.pasos, report.tendencia)
    return dg.MaterializeResult(
        metadata={
            "completo": report.completo,
            "listadas": report.listadas,
            "capturadas": report.capturadas,
            "en_rds": report.en_rds,
            "archivos": report.archivos,
            "verificados_en_s3": report.en_s3,
            "faltantes": len(report.faltantes),
            "en_cuarentena": report.rechazadas,
            "resumen": dg.MetadataValue.md(as_markdown(drawn, f"Verificación {partition}")),
            "abrir_reporte": dg.MetadataValue.url(published.link),
            "reporte_local": dg.MetadataValue.path(published.page),
            "reporte_s3": f"s3://{bucket.name}/{published.key}",
        }
    )
