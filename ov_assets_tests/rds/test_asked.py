"""When the portal was asked about a day: noted, never put back, and known of the days before the table."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ov_assets import completeness
from ov_assets.days import CompanyDay
from ov_assets.rds import migrate
from ov_assets.rds.connection import connect
from ov_assets.timezone import BOGOTA
from ov_assets_tests.rds.asked import asked
from ov_assets_tests.rds.helpers import fetch

DAY = date(2025, 10, 13)
MIDNIGHT = datetime(2025, 10, 14, tzinfo=BOGOTA)
BEFORE = "0006_changed_files"


def gaps(database: dict[str, Any], first: int = 10, last: int = 14) -> list[str]:
    with connect(database) as conn:
        found = completeness.not_asked(conn, date(2025, 10, first), date(2025, 10, last))
    return sorted(map(str, found))


def faults(database: dict[str, Any]) -> tuple[str, ...]:
    with connect(database) as conn:
        (day,) = completeness.of_all(conn, "b", DAY, ["aire"])
    return day.faltas


def test_a_day_is_asked_about_when_the_last_look_began_after_it_ended(database: dict[str, Any]) -> None:
    assert faults(database) == ("nadie ha consultado el portal",)
    asked(database, "aire|2025-10-13", MIDNIGHT - timedelta(seconds=1))
    assert faults(database) == ("el portal no se ha consultado desde que terminó el día",)
    assert gaps(database) == ["aire|2025-10-13", "aire|2025-10-14"]
    asked(database, "aire|2025-10-13", MIDNIGHT)
    assert faults(database) == ()
    assert gaps(database) == ["aire|2025-10-14"]


def test_an_older_look_never_overwrites_a_newer_one(database: dict[str, Any]) -> None:
    asked(database, "aire|2025-10-13", MIDNIGHT)
    asked(database, "aire|2025-10-13", MIDNIGHT - timedelta(hours=1), r900="DetailMissing")
    assert faults(database) == ()


def test_days_before_the_first_one_asked_about_are_no_gap(database: dict[str, Any]) -> None:
    assert gaps(database) == []
    asked(database, "afinia|2025-10-11")
    asked(database, "aire|2025-10-13")
    assert gaps(database, 10, 13) == ["afinia|2025-10-12", "afinia|2025-10-13"]


def test_what_was_not_captured_is_named_up_to_a_few_and_no_odd_radicado(
    database: dict[str, Any],
) -> None:
    asked(database, "aire|2025-10-13", MIDNIGHT, **{f"r90{n}": "DetailMissing" for n in range(7)})
    (fault,) = faults(database)
    assert fault.startswith("7 PQR sin capturar: 900 (DetailMissing), 901 (DetailMissing)")
    assert fault.endswith("904 (DetailMissing) y 2 más")
    asked(database, "aire|2025-10-13", MIDNIGHT, **{"José Ñúñez": "PortalDown"})
    (fault,) = faults(database)
    assert "José" not in fault
    assert "(PortalDown)" in fault


def test_the_days_of_before_are_taken_over_when_the_table_is_made(empty_database: dict[str, Any]) -> None:
    migrate.upgrade(empty_database, BEFORE)
    seen, loaded = datetime(2025, 10, 14, 9, tzinfo=UTC), datetime(2025, 10, 15, 9, tzinfo=UTC)
    with psycopg.connect(**empty_database) as conn:
        for radicado, day, at in (("1", "2025-10-13", seen - timedelta(days=1)), ("2", "2025-10-13", seen)):
            conn.execute(
                "INSERT INTO data_general.listado_ov (empresa, numero_radicado, fecha_dia, huella,"
                " visto_primero, visto_ultimo) VALUES ('aire', %s, %s, 'h', %s, %s)",
                [radicado, day, at, at],
            )
        for day, rows in (("2025-10-13", 0), ("2025-10-14", 0), ("2025-10-15", 1)):
            conn.execute(
                "INSERT INTO data_general.cargas_ov (empresa, fecha, archivo, hash_archivo, filas,"
                " insertadas, actualizadas, sin_cambio, obsoletas, duplicadas, rechazadas, ejecucion,"
                " cargado_en)"
                " VALUES ('aire', %s, 'a', 'h', %s, %s, 0, 0, 0, 0, 0, 'e', %s)",
                [day, rows, rows, loaded],
            )
    migrate.upgrade(empty_database)
    assert fetch(empty_database, "SELECT fecha, mirado_en FROM data_general.consultas_ov ORDER BY 1") == [
        (DAY, seen),
        (DAY + timedelta(days=1), loaded - timedelta(hours=1)),
    ]
    assert migrate.check(empty_database) == []
    with connect(empty_database) as conn:
        assert completeness.not_asked(conn, DAY, DAY + timedelta(days=2)) == {
            CompanyDay("aire", date(2025, 10, 15))
        }


def test_a_look_without_a_time_zone_is_refused(database: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="time zone"):
        asked(database, "aire|2025-10-13", datetime(2025, 10, 14))  # noqa: DTZ001
