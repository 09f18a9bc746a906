"""The checks name what is wrong, radicado by radicado, and no more of it than a person reads."""

from datetime import UTC, date, datetime
from inspect import signature
from typing import Any

import dagster as dg
import psycopg
import pytest

from ov_assets.assets.portal_runs import without_a_day
from ov_assets.checks.partition import CHECKS, NAMED_MAX
from ov_assets.days import CompanyDay
from ov_assets.partitions import partition_key
from ov_assets.pqr.csv_contract import Reject, csv_path, rejects_path, write_company_csv, write_rejects_csv
from ov_assets.rds.connection import connect
from ov_assets.rds.listing import ListedRow, record_listing
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, materialize, resources
from ov_assets_tests.rds.helpers import row

pytestmark = pytest.mark.usefixtures("flow")
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))


def written(data_dir: Any, rows: list[dict[str, str]], *rejects: str) -> None:
    write_company_csv(csv_path(data_dir, *PARTITION), rows)
    kept = [Reject("aire", radicado, "captura_alterada", "pqr.json") for radicado in rejects]
    write_rejects_csv(rejects_path(data_dir, *PARTITION), kept)


def checked(name: str) -> dg.AssetCheckResult:
    """One check, by itself: Dagster runs none of a partition without its asset."""
    (check,) = (check for check in CHECKS if check.check_key.name == name)
    function = check.node_def.compute_fn.decorated_fn
    given = {key: value for key, value in resources().items() if key in signature(function).parameters}
    return function(dg.build_op_context(partition_key=partition_key(PARTITION)), **given)


def metadata(result: dg.AssetCheckResult) -> dict[str, Any]:
    return {name: getattr(value, "value", value) for name, value in (result.metadata or {}).items()}


def test_one_quarantined_pqr_does_not_excuse_another_that_is_missing(
    database: dict[str, Any], data_dir: Any
) -> None:
    rows = [row(n, company="aire") for n in (1, 2)]
    written(data_dir, [*rows, row(3, company="aire", numero_radicado="Juana", fecha="ayer")], "00000009")
    assert materialize(PARTITION, "rds_table").success
    assert checked("rds_equals_csv").passed
    with psycopg.connect(**database) as conn:
        conn.execute("DELETE FROM data_general.ov_aire WHERE numero_radicado = '00000001'")
    found = checked("rds_equals_csv")
    assert not found.passed
    assert "00000001: not in the table" in str(found.description)
    assert "Juana" not in str(found.description)
    told = metadata(found)
    assert (told["faltan"], told["en_cuarentena"], told["sin_explicar"]) == (2, 2, 1)
    assert told["radicados_sin_explicar"] == {"00000001": "not in the table"}


def test_a_hundred_that_are_missing_are_counted_and_some_of_them_named(
    database: dict[str, Any], data_dir: Any
) -> None:
    written(data_dir, [row(n, company="aire") for n in range(100)])
    found = checked("rds_equals_csv")
    told = metadata(found)
    assert told["sin_explicar"] == 100
    assert len(told["radicados_sin_explicar"]) == NAMED_MAX


def test_the_problems_of_a_csv_are_counted_and_some_of_them_named(data_dir: Any) -> None:
    written(data_dir, [row(n, company="afinia") for n in range(100)])
    told = metadata(checked("csv_contract"))
    assert told["con_problema"] == 100
    assert len(told["problemas"]) == NAMED_MAX


def test_a_hundred_listed_and_not_captured_are_counted_and_some_of_them_named(
    database: dict[str, Any], data_dir: Any
) -> None:
    rows = [ListedRow(f"{n:08d}", f"{PARTITION.day:%Y/%m/%d} 08:00", "Finalizado", "h") for n in range(100)]
    with connect(database) as conn:
        record_listing(conn, *PARTITION, PARTITION.day, rows, datetime.now(UTC), complete=True)
    resources()["disk"].open().captures(PARTITION).record_outcome({})
    told = metadata(checked("every_listed_pqr_captured"))
    assert told["faltan"] == 100
    assert len(told["faltantes"]) == NAMED_MAX


def test_what_somebody_typed_instead_of_a_radicado_is_named_by_its_hash(
    database: dict[str, Any], data_dir: Any
) -> None:
    typed = "Juana Pérez 3001234567"
    listed = [ListedRow(typed, f"{PARTITION.day:%Y/%m/%d} 08:00", "Finalizado", "h")]
    with connect(database) as conn:
        record_listing(conn, *PARTITION, PARTITION.day, listed, datetime.now(UTC), complete=True)
    resources()["disk"].open().captures(PARTITION).record_outcome({})
    written(data_dir, [row(1, company="aire", numero_radicado=typed) | {"empresa": "afinia"}])
    for name in ("every_listed_pqr_captured", "csv_contract", "rds_equals_csv"):
        found = checked(name)
        assert not found.passed, name
        assert "Juana" not in f"{found.description} {metadata(found)}", name


def test_what_the_list_shows_and_no_day_can_have_is_told(
    database: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ListedRow("1", "ayer", "Finalizado", "h"),
        ListedRow("2", "2025/12/25 08:00", "Finalizado", "h"),
        ListedRow(" ", "2025/12/25 08:00", "Finalizado", "h"),
    ]
    with connect(database) as conn:
        counts = record_listing(conn, *PARTITION, PARTITION.day, rows, datetime.now(UTC), complete=True)
    assert without_a_day(dg.build_asset_context().log, counts) == {"sin_fecha": 1, "sin_radicado": 1}
    assert "1 PQR whose Fecha can't be read and 1 rows without a radicado" in capfd.readouterr().err
