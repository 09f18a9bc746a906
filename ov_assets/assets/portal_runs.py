"""What the two assets that go to a portal share: one browser an account, and what a run tells of itself."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from ov_assets.assets.common import table
from ov_assets.portal import row as portal_row
from ov_assets.portal.errors import PortalError
from ov_assets.portal.report import CaptureReport, Failure
from ov_assets.rds.listing import ListedRow


def listed_rows(rows: Iterable[portal_row.ListedRow]) -> list[ListedRow]:
    """Rows as the portal's list shows them, for the database."""
    return [ListedRow(row.numero_radicado, row.fecha, row.estado, row.huella) for row in rows]


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
