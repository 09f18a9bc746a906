"""What the portal lists, as last seen; and how far each day has come."""

from datetime import date, datetime

import pytest

from ov_assets.completeness import judge
from ov_assets.pqr.csv_contract import read_company_csv
from ov_assets.rds.connection import UnknownCompanyError, connect
from ov_assets.rds.diff import pending_partitions
from ov_assets.rds.listing import ListedRow, listed, record_listing
from ov_assets.rds.reporting import backlog, trend
from ov_assets.rds.status import status
from ov_assets_tests.rds.helpers import DAY, T0, fetch, later, load, row

NEXT = date(2025, 10, 14)


def seen(
    radicado: str, fecha: str = "2025/10/13 08:30", estado: str = "Finalizado", huella: str = "h"
) -> ListedRow:
    return ListedRow(radicado, fecha, estado, huella)


def walk(database, rows, at=T0, *, complete=True, estado: str | None = "Finalizado", company="afinia"):
    with connect(database) as conn:
        return record_listing(conn, company, DAY, NEXT, rows, at, complete=complete, estado=estado)


def present(database, day=DAY, estado: str | None = "Finalizado"):
    with connect(database) as conn:
        return [item.numero_radicado for item in listed(conn, "afinia", day, estado)]


def test_a_walk_is_recorded_and_a_second_one_counts_what_changed(database):
    first = walk(database, [seen("1"), seen("2"), seen("3", "2025/10/14 00:00")])
    assert (first.vistas, first.nuevas, first.cambiadas, first.ausentes) == (3, 3, 0, 0)
    assert present(database) == ["1", "2"]
    assert present(database, NEXT) == ["3"]
    second = walk(database, [seen("1"), seen("2", huella="otra"), seen("4")], later())
    assert (second.vistas, second.nuevas, second.cambiadas, second.ausentes) == (3, 1, 1, 1)
    assert present(database, NEXT) == []
    times = fetch(
        database,
        "SELECT visto_primero, visto_ultimo, presente FROM data_general.listado_ov ORDER BY numero_radicado",
    )
    assert times == [(T0, later(), True), (T0, later(), True), (T0, T0, False), (later(), later(), True)]
    walk(database, [seen("3", "2025/10/14 00:00")], later(2), complete=False)
    assert present(database, NEXT) == ["3"]


def test_only_a_complete_walk_of_the_same_filter_and_window_finds_something_absent(database):
    outside = seen("9", "2025/10/12 23:59")
    walk(database, [seen("1"), seen("2", estado="Radicado"), outside], estado=None, complete=False)
    walk(database, [], later(), complete=False)
    assert present(database) == ["1"]
    assert walk(database, [], later(2)).ausentes == 1
    assert present(database, estado=None) == ["2"]
    assert present(database, date(2025, 10, 12)) == ["9"]
    assert walk(database, [], later(3), estado=None).ausentes == 1


def test_an_older_walk_changes_nothing(database):
    walk(database, [seen("1", huella="nueva")], later())
    old = walk(database, [seen("1", huella="vieja")])
    assert (old.nuevas, old.cambiadas, old.ausentes) == (0, 0, 0)
    assert walk(database, []).ausentes == 0
    assert fetch(database, "SELECT huella, presente FROM data_general.listado_ov") == [("nueva", True)]


def test_rows_that_belong_to_no_day_are_counted_never_lost(database):
    counted = walk(database, [seen("1", "mañana"), seen(""), seen("2"), seen("2", huella="segunda")])
    assert (counted.vistas, counted.sin_fecha, counted.sin_radicado) == (2, 1, 1)
    assert fetch(database, "SELECT huella FROM data_general.listado_ov WHERE numero_radicado = '2'") == [
        ("segunda",)
    ]


def test_a_time_without_a_zone_is_refused(database):
    with pytest.raises(ValueError, match="time zone"):
        walk(database, [], datetime(2025, 10, 13))  # noqa: DTZ001


def test_status_counts_each_day(database, tmp_path):
    walk(database, [seen("00000001"), seen("00000002"), seen("00000003"), seen("8", "2025/10/14 10:00")])
    load(database, tmp_path, [row(1), row(2, fecha="2025-10-13 23:59"), row(3, fecha="no")])
    with connect(database) as conn:
        conn.execute(
            "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo,"
            " tamano, ruta_local, fecha) VALUES ('afinia', '00000001', 'pdf', 'd', 'p', 1, 'r', %(d)s),"
            " ('afinia', '00000001', 'json', 'j', 'q', 1, 'r', %(d)s)",
            {"d": DAY},
        )
        conn.execute(
            "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
            " estado_carga, archivo_id) SELECT v.*, a.id FROM (VALUES"
            " ('d', 'b', 'k1', 'afinia', 'subido'), ('d', 'other', 'k2', 'afinia', 'pre_existente'),"
            " ('j', 'b', 'k3', 'afinia', 'error'), ('j', 'other', 'k4', 'afinia', 'subido'))"
            " AS v (nombre) JOIN data_general.archivos_ov AS a USING (nombre)",
        )
        before, day, after = status(conn, "afinia", date(2025, 10, 12), NEXT, "b")
        assert (day.listadas, day.listadas_en_rds, day.sin_cargar) == (3, 2, 0)
        assert (day.filas, day.rechazadas) == (2, 1)
        assert (day.archivos, day.subidos, day.pendientes) == (3, 1, 2)
        assert day.por_estado == {"subido": 1, "error": 1}
        assert (before.fecha, before.listadas, before.filas, before.por_estado) == (
            date(2025, 10, 12),
            0,
            0,
            {},
        )
        assert (after.fecha, after.listadas, after.pendientes) == (NEXT, 1, 0)
        assert [item.filas for item in status(conn, "aire", DAY, DAY, "b")] == [0]
        with pytest.raises(UnknownCompanyError):
            status(conn, "otra", DAY, DAY, "b")
    assert len(read_company_csv(tmp_path / f"{DAY}.csv")) == 3


def test_a_row_whose_pqr_left_the_list_does_not_make_up_for_one_that_lacks(database, tmp_path):
    walk(database, [seen("00000001"), seen("00000002")])
    load(database, tmp_path, [row(1), row(2)])
    walk(database, [seen("00000002"), seen("00000003")], later())
    with connect(database) as conn:
        (day,) = status(conn, "afinia", DAY, DAY, "b")
    assert (day.listadas, day.filas, day.listadas_en_rds, day.sin_cargar) == (2, 2, 1, 1)
    assert "1 PQR listadas sin cargar" in judge(day, later(24))


@pytest.mark.parametrize("elsewhere", ["another name", "another bucket"])
def test_a_file_counts_by_its_own_row_in_this_bucket(database, elsewhere):
    """Status, backlog, trend and pending partitions give one answer: this file isn't in this bucket."""
    name, bucket = ("other.pdf", "b") if elsewhere == "another name" else ("d.pdf", "old")
    with connect(database) as conn:
        conn.execute(
            "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo,"
            " tamano, ruta_local, fecha) SELECT 'afinia', '1', 'pdf', nombre, 'h', 1, 'r', %s"
            " FROM unnest(%s::text[]) AS nombre",
            (DAY, sorted({"d.pdf", name})),
        )
        conn.execute(
            "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
            " estado_carga, archivo_id, numero_radicado, clase, hash_archivo, fecha)"
            " SELECT nombre, %s, 'k', empresa, 'subido', id, '1', 'pdf', 'h', fecha"
            " FROM data_general.archivos_ov WHERE nombre = %s",
            (bucket, name),
        )
        (day,) = status(conn, "afinia", DAY, DAY, "b")
        assert (day.pendientes, day.subidos) == (1, day.archivos - 1)
        assert backlog(conn, "afinia", "b").archivos == 1
        assert trend(conn, "afinia", DAY, DAY, "b") == [(DAY, 0, 0, 0)]
        assert [row.archivos for row in pending_partitions(conn, "b")] == [1]
