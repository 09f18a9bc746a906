"""A PQR whose Fecha moves on the portal: by the whole chain, it counts once, on its new day."""

from datetime import date
from typing import Any

import psycopg
import pytest

from ov_assets.days import CompanyDay
from ov_assets.rds.connection import connect
from ov_assets.rds.listing import pending_captures
from ov_assets.rds.status import status
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr, materialize
from ov_assets_tests.assets.test_chain import metadata

pytestmark = pytest.mark.usefixtures("kept_session")
OLD = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
NEW = CompanyDay("aire", date(2026, 1, 1))  # as empty as the other


def test_it_counts_on_its_new_day_alone_and_the_old_day_takes_nothing_back(
    portal: Any, database: dict[str, Any], bucket: Any
) -> None:
    radicado = add_pqr(portal, "aire", attachments=1)
    stays = add_pqr(portal, "aire", attachments=0)
    assert materialize(OLD).success
    moved = {"campos": {"fecha": f"{NEW.day:%Y/%m/%d} 10:00"}}
    portal.control("aire").patch(f"pqrs/{radicado}", json=moved).raise_for_status()
    for partition in (NEW, OLD):
        result = materialize(partition)
        assert [c.check_name for c in result.get_asset_check_evaluations() if not c.passed] == []
    report = metadata(result, "verification_report")
    assert (report["completo"], report["archivos"]) == (True, 2 + 1)
    with connect(database) as conn:
        days = [status(conn, *day, day.day, bucket.name)[0] for day in (OLD, NEW)]
        assert [(day.listadas, day.filas, day.archivos) for day in days] == [(1, 1, 2 + 1), (1, 1, 3 + 1)]
        assert pending_captures(conn) == []
    with psycopg.connect(**database) as conn:
        current = conn.execute(
            "SELECT DISTINCT fecha, numero_radicado FROM data_general.archivos_ov"
            " WHERE vigente AND clase <> 'csv' ORDER BY 1"
        ).fetchall()
    assert current == [(OLD.day, stays), (NEW.day, radicado)]
