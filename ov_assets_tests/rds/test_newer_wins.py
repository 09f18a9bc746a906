"""In whatever order and under whatever day captures of a PQR are loaded, the newest one stands, and once."""

import threading
from datetime import date, timedelta

import psycopg
import pytest

from ov_assets.pqr.csv_contract import write_company_csv
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.connection import connect
from ov_assets.rds.files_on_record import FileOnRecord
from ov_assets.rds.listing import Captured, ListedRow, pending_captures, record_captured, record_listing
from ov_assets.rds.loader import load_partition, take_turn
from ov_assets.rds.status import status
from ov_assets_tests.rds.helpers import DAY, dead_rows, fetch, later, load, row

NEXT = DAY + timedelta(days=1)
TABLE = "SELECT lectura, extraido_en FROM data_general.ov_afinia"
CURRENT = "SELECT fecha, hash_archivo FROM data_general.archivos_ov WHERE vigente ORDER BY 1, 2"
R = "00000001"


def files(*digests: str) -> list[FileOnRecord]:
    names = ("pqr.json", "detalle.pdf", "foto.jpg")
    return [
        FileOnRecord(R, Clase.ADJUNTO, name, digest, 1, f"raw/{digest}")
        for name, digest in zip(names, digests, strict=True)
    ]


def load_day(database, folder, day: date, rows, given=()):
    path = folder / f"{day}.csv"
    write_company_csv(path, rows)
    with connect(database) as conn:
        return load_partition(conn, "afinia", day, path, None, given, "prueba")


def test_what_was_captured_between_two_equal_captures_does_not_overwrite_them(database, tmp_path):
    load(database, tmp_path, [row(1, lectura="A")])
    again = load(database, tmp_path, [row(1, at=later(3), lectura="A")])
    assert (again.sin_cambio, again.obsoletas, again.actualizadas) == (1, 0, 0)
    between = load(database, tmp_path, [row(1, at=later(2), lectura="B")])
    assert (between.sin_cambio, between.obsoletas, between.actualizadas) == (1, 1, 0)
    assert fetch(database, TABLE) == [("A", later(3))]
    assert fetch(database, "SELECT count(*) FROM data_general.historial_ov") == [(0,)]


def test_an_equal_capture_moves_the_time_only_forward(new_database, tmp_path):
    for hours in (3, 1, 2):
        load(new_database, tmp_path, [row(1, at=later(hours), lectura="A")])
    assert fetch(new_database, TABLE) == [("A", later(3))]
    assert dead_rows(new_database, "ov_afinia") == 0
    with psycopg.connect(**new_database) as conn:
        conn.execute("UPDATE data_general.ov_afinia SET extraido_en = NULL")
    load(new_database, tmp_path, [row(1, at=later(1), lectura="A")])
    assert fetch(new_database, TABLE) == [("A", later(1))]


def test_a_load_that_left_an_older_time_is_not_taken_for_done(database, tmp_path):
    newer = [row(1, at=later(3), lectura="A")]
    load(database, tmp_path, newer)
    with psycopg.connect(**database) as conn:
        conn.execute("UPDATE data_general.ov_afinia SET extraido_en = %s", [later(0)])
    assert not load(database, tmp_path, newer).ya_cargado
    assert load(database, tmp_path, newer).ya_cargado
    assert fetch(database, TABLE) == [("A", later(3))]


def test_the_files_of_an_older_equal_capture_do_not_become_the_current_ones(database, tmp_path):
    load_day(database, tmp_path, DAY, [row(1, at=later(3))], files("j", "p", "nueva"))
    for _ in range(2):
        older = load_day(database, tmp_path, DAY, [row(1)], files("j", "p", "vieja"))
        assert (older.obsoletas, older.archivos) == (1, 0)
    assert older.ya_cargado
    assert fetch(database, CURRENT) == [(DAY, "j"), (DAY, "nueva"), (DAY, "p")]


def test_a_pqr_whose_fecha_moves_is_current_on_its_new_day_alone(database, tmp_path):
    before, after = [row(1)], [row(1, at=later(3), fecha="2025/10/14 09:00")]
    load_day(database, tmp_path, DAY, before, files("j1", "p1", "foto"))
    load_day(database, tmp_path, NEXT, after, files("j2", "p2", "foto"))
    moved = [(NEXT, "foto"), (NEXT, "j2"), (NEXT, "p2")]
    assert fetch(database, CURRENT) == moved
    for _ in range(2):  # the older day again, whose folder and CSV still hold it
        assert load_day(database, tmp_path, DAY, before, files("j1", "p1", "foto")).obsoletas == 1
        assert fetch(database, CURRENT) == moved
    with connect(database) as conn:
        days = status(conn, "afinia", DAY, NEXT, "cubo")
    assert [(day.filas, day.archivos) for day in days] == [(0, 0), (1, 3)]


def test_two_days_that_hold_one_pqr_do_not_load_at_the_same_moment(database, tmp_path):
    """The older day's load finds its PQR unchanged, and is about to put its files on record."""
    before, after = [row(1)], [row(1, at=later(3), fecha="2025/10/14 09:00")]
    load_day(database, tmp_path, DAY, before, files("j1", "p1", "foto"))
    done = threading.Event()

    def newer() -> None:
        load_day(database, tmp_path, NEXT, after, files("j2", "p2", "foto"))
        done.set()

    with connect(database) as conn:
        take_turn(conn, "afinia")
        thread = threading.Thread(target=newer)
        thread.start()
        with psycopg.connect(**database, autocommit=True) as watcher:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
            while watcher.execute(waiting).fetchone() == (0,):
                assert not done.is_set()
    thread.join()
    assert [day for day, _ in fetch(database, CURRENT)] == [NEXT] * 3


@pytest.mark.parametrize("again", ["vieja", "nueva"])
def test_what_an_older_capture_saw_does_not_ask_for_a_pqr_again(database, again):
    with connect(database) as conn:
        record_listing(
            conn,
            "afinia",
            NEXT,
            NEXT,
            [ListedRow(R, "2025/10/14 09:00", "Finalizado", "nueva")],
            later(3),
            complete=True,
        )
        captured = {"vieja": Captured(R, "vieja", later(1)), "nueva": Captured(R, "nueva", later(4))}
        record_captured(conn, "afinia", [captured["vieja"]])
        assert [day.fecha for day in pending_captures(conn)] == [NEXT]
        record_captured(conn, "afinia", [captured["nueva"]])
        assert record_captured(conn, "afinia", [captured[again]]) == 0
        assert pending_captures(conn) == []


def test_the_files_of_an_older_rejected_capture_do_not_become_the_current_ones(database, tmp_path):
    newer = [row(1, at=later(3), fecha="2025/10/14 09:00")]
    load_day(database, tmp_path, NEXT, newer, files("j2", "p2", "f2"))
    older = [row(1) | {"hash_registro": "0" * 64}, row(2)]
    for _ in range(2):
        assert load_day(database, tmp_path, DAY, older, files("j1", "p1", "f1")).rechazadas == 1
        assert fetch(database, CURRENT) == [(NEXT, "f2"), (NEXT, "j2"), (NEXT, "p2")]


def test_a_pqr_twice_in_a_csv_keeps_its_files_if_one_of_both_is_the_newest(database, tmp_path):
    load_day(database, tmp_path, DAY, [row(1, at=later(1))], files("j1", "p1", "f1"))
    both = [row(1), row(1, at=later(3), lectura="B"), row(2, fecha="no")]
    load_day(database, tmp_path, DAY, both, files("j2", "p2", "f2"))
    assert fetch(database, CURRENT) == [(DAY, "f2"), (DAY, "j2"), (DAY, "p2")]
