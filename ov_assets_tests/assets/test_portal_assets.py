"""portal_listing and pqr_captures as Dagster runs them: what they store, and what their metadata says."""

from datetime import timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest

from ov_assets.assets.portal_listing import portal_listing
from ov_assets.assets.pqr_captures import pqr_captures
from ov_assets.checks.coverage import coverage_of, fallen
from ov_assets.days import CompanyDay, today
from ov_assets.partitions import partition_key
from ov_assets.rds.listing import listed
from ov_assets_tests.assets.flow_tools import resources
from ov_assets_tests.portal.tools import COMPANY, EMPTY_DAY, add_pqrs, faults, stats, truth

PARTITION = CompanyDay(COMPANY, EMPTY_DAY)


def run(
    asset: dg.AssetsDefinition, key: str, config: dict[str, Any] | None = None
) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [asset],
        partition_key=key,
        resources=resources(),
        run_config={"ops": {asset.op.name: {"config": config}}} if config else None,
        raise_on_error=False,
    )


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_late_finalisation_shows_on_its_own_day(flow: None, portal: Any, database: dict[str, Any]) -> None:
    day = today() - timedelta(days=2)
    (radicado,) = add_pqrs(portal, 1, day=day, estado="En proceso")
    first = metadata(run(portal_listing, COMPANY, {"window_days": 3}))
    portal.control(COMPANY).patch(f"pqrs/{radicado}", json={"estado": "Finalizado"}).raise_for_status()
    second = metadata(run(portal_listing, COMPANY, {"window_days": 3}))
    assert first["completa"] and second["completa"]
    assert first["desde"] == (today() - timedelta(days=2)).isoformat()
    assert (first["ingresos"], first["miradas"]) == (1, 1)
    assert (second["ingresos"], second["miradas"]) == (0, 1)  # the session was kept
    walked = sum(len(truth(portal, day=today() - timedelta(days=n))) for n in range(-1, 4))
    assert second["paginas"] <= walked // 10
    assert second["nuevas"] >= 1
    assert (second["sin_fecha"], second["sin_radicado"]) == (0, 0)
    with psycopg.connect(**database) as connection:
        assert radicado in {row.numero_radicado for row in listed(connection, COMPANY, day)}


def test_a_capture_that_stops_names_what_is_missing_and_where_the_evidence_lies(
    kept_session: None, portal: Any, database: dict[str, Any]
) -> None:
    radicados = add_pqrs(portal, 2)
    faults(portal, layout_changed=["rename_nic"])
    result = run(pqr_captures, str(partition_key(PARTITION)))
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    failures = told.metadata["fallas"]
    assert isinstance(failures, dg.TableMetadataValue)
    assert {record.data["numero_radicado"] for record in failures.records} == set(radicados)
    assert "evidencia/LayoutChanged" in told.metadata
    with psycopg.connect(**database) as connection:
        assert len(listed(connection, COMPANY, EMPTY_DAY)) == 2

    faults(portal, layout_changed=None)
    good = metadata(run(pqr_captures, str(partition_key(PARTITION))))
    assert (good["capturadas_ahora"], good["con_falla"]) == (2, 0)
    assert good["cobertura/numero_radicado"] == 1.0
    assert stats(portal)["logins_ok"] == 1


def test_a_field_that_empties_is_told() -> None:
    before = [{"nic": 1.0, "comentarios": 0.3}] * 5
    assert fallen({"nic": 0.4, "comentarios": 0.2}, before) == {"nic": "40%, antes 100%"}
    assert fallen({"nic": 0.4}, before[:2]) == {}


@pytest.mark.parametrize(("pqr", "counts"), [(2, False), (20, True)])
def test_the_fields_of_a_few_pqr_say_nothing(pqr: int, counts: bool) -> None:
    metadata = {
        "cobertura/nic": dg.MetadataValue.float(0.5),
        "dagster/partition_row_count": dg.MetadataValue.int(pqr),
    }
    assert coverage_of(metadata) == ({"nic": 0.5} if counts else {})
