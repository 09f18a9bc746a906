"""One day of every company on one page."""

from datetime import date

import dagster as dg

from ov_assets.assets.common import GROUP, OWNERS
from ov_assets.assets.verification_report import verification_report
from ov_assets.partitions import daily_partitions
from ov_assets.report.gather import summarise
from ov_assets.report.picture import as_markdown, picture
from ov_assets.report.summary import to_html, to_json
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.s3.reports import publish

OWNER = "resumen"


@dg.asset(
    partitions_def=daily_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "s3"},
    deps=[verification_report],
)
def daily_summary(
    context: dg.AssetExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.MaterializeResult:
    """Un día de todas las empresas en una página: quién está completo, quién no, y por qué.

    Pregunta a la base de datos, no a los reportes: sirve también si una empresa no tuvo ninguno.
    """
    day = date.fromisoformat(context.partition_key)
    with database.connect() as connection:
        summary = summarise(connection, store.bucket_name, day)
    published = publish(store.open(), disk.open().root, OWNER, day, to_html(summary), to_json(summary))
    drawn = picture("Oficina Virtual", day, summary.completo, summary.pasos, summary.tendencia)
    return dg.MaterializeResult(
        metadata={
            "completo": summary.completo,
            "listadas": sum(company.listadas for company in summary.empresas),
            "empresas_incompletas": dg.MetadataValue.json(
                {company.empresa: company.faltas for company in summary.empresas if company.faltas}
            ),
            "resumen": dg.MetadataValue.md(as_markdown(drawn, f"Resumen {day}")),
            "abrir_reporte": dg.MetadataValue.url(published.link),
            "reporte_local": dg.MetadataValue.path(published.page),
            "reporte_s3": f"s3://{store.bucket_name}/{published.key}",
        }
    )
