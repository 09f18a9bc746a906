"""What a run that went to a portal tells of itself."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from ov_assets.assets.common import table
from ov_assets.portal.errors import PortalError
from ov_assets.portal.report import CaptureReport, Failure
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.coverage import field_coverage
from ov_assets.rds.listing import ListingCounts

COVERAGE_PREFIX = "cobertura/"


def without_a_day(log: dg.DagsterLogManager, counts: ListingCounts) -> dict[str, int]:
    """What the list shows and no partition can have, as metadata, and a warning when there is any."""
    found = {"sin_fecha": counts.sin_fecha, "sin_radicado": counts.sin_radicado}
    if any(found.values()):
        log.warning(
            f"the list has {counts.sin_fecha} PQR whose Fecha can't be read and {counts.sin_radicado} rows"
            " without a radicado: they belong to no day, so nothing captures them"
        )
    return found


def run_metadata(report: CaptureReport) -> dict[str, Any]:
    """How much work the portal was, and where the evidence of its faults lies."""
    return {
        "miradas": report.looks,
        "paginas": report.page_turns,
        "ingresos": report.logins,
        "filas_repetidas": len(report.repeated),
        "segundos": round(report.seconds, 2),
        **{f"evidencia/{kind}": dg.MetadataValue.path(folder) for kind, folder in report.evidence.items()},
    }


def named_failures(failures: Iterable[Failure]) -> dg.TableMetadataValue:
    """The PQR that are missing, each with its cause."""
    rows = ({"numero_radicado": failure.numero_radicado, "causa": failure.cause} for failure in failures)
    return table(rows, ("numero_radicado", "causa"))


def portal_failure(error: PortalError, report: CaptureReport) -> dg.Failure:
    """A fault of the whole portal as Dagster's failure; only what passes is worth a retry."""
    return dg.Failure(
        str(error),
        metadata={
            "falla": type(error).__name__,
            "listadas": len(report.listed),
            "con_falla": len(report.failures),
            "fallas": named_failures(report.failures.values()),
            **run_metadata(report),
        },
        allow_retries=error.passing,
    )


def capture_metadata(report: CaptureReport, store: CaptureStore) -> dict[str, Any]:
    """What a day's captures came to, and how full their fields are. Raises BrokenCaptureError."""
    assert report.looked_at is not None
    return {
        "dagster/partition_row_count": len(report.listed) - len(report.failures),
        "mirado_en": dg.MetadataValue.timestamp(report.looked_at),
        "listadas": len(report.listed),
        "capturadas_ahora": len(set(report.fresh)),
        "sin_cambio": report.unchanged,
        "con_falla": len(report.failures),
        "adjuntos": report.attachments,
        "adjuntos_faltantes": report.missing_files,
        "releidas_sin_cambio": len(report.reread),
        "sin_releer": named_failures(report.unread.values()),
        "fallas": named_failures(report.failures.values()),
        **run_metadata(report),
        **{f"{COVERAGE_PREFIX}{name}": share for name, share in field_coverage(store).items()},
    }
