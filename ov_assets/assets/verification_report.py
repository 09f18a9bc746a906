"""Everything that was done for a day, counted again from the outside → one page."""

import dagster as dg

from ov_assets.assets.common import GROUP, OWNERS
from ov_assets.assets.s3_objects import s3_objects
from ov_assets.days import company_day
from ov_assets.flow.diff import look
from ov_assets.partitions import company_date
from ov_assets.report.gather import gather
from ov_assets.report.pages import STEP_NAMES
from ov_assets.report.picture import as_markdown, picture
from ov_assets.report.verification import to_html, to_json
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.s3.reports import publish


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
        report = gather(partition, connection, look(partition, connection, bucket, disk.root), disk)
    html, data = to_html(report, step_durations(context)), to_json(report)
    published = publish(bucket, disk.root, partition.company, partition.day, html, data)
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


def step_durations(context: dg.AssetExecutionContext) -> dict[str, float]:
    """Seconds of each asset of this run that is done, in the order in which they began; no checks."""
    stats = [
        step
        for step in context.instance.get_run_step_stats(context.run.run_id)
        if step.step_key in STEP_NAMES and step.start_time and step.end_time
    ]
    stats.sort(key=lambda step: step.start_time or 0)
    return {step.step_key: round(step.end_time - step.start_time, 2) for step in stats}
