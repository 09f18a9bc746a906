"""A load inside a transaction that is taken back, and rejected rows under keys that were rotated."""

import psycopg
import pytest
from cryptography.fernet import Fernet

from ov_assets.rds.connection import connect
from ov_assets.rds.loader import OpenTransactionError, load_partition, rehearsed, take_turn
from ov_assets.rds.locks import LockBusyError, advisory_lock
from ov_assets.rds.rejects import Thresholds, TooManyRejectsError
from ov_assets.rds.replay import pending_rejects, replay
from ov_assets_tests.rds.helpers import DAY, csv_file, fetch, load, row

LOADED = ("ov_afinia", "historial_ov", "archivos_ov", "cargas_ov", "rechazos_ov")


def counts(database) -> dict[str, int]:
    with psycopg.connect(**database) as conn:
        return {
            name: conn.execute(f"SELECT count(*) FROM data_general.{name}").fetchone()[0]  # noqa: S608
            for name in LOADED
        }


def test_a_rehearsed_load_counts_as_a_load_does_and_leaves_nothing(database, tmp_path):
    load(database, tmp_path, [row(1), row(2)])
    before = counts(database)
    file = csv_file(tmp_path, [row(1), row(2, lectura="otra"), row(3), row(4, fecha="ayer")])
    path = tmp_path / f"{DAY}.csv"
    with connect(database) as conn, connect(database) as other:
        with rehearsed(conn, "afinia", DAY):
            done = load_partition(conn, "afinia", DAY, path, None, [file], "ensayo", rehearsal=True)
            (seen,) = conn.execute("SELECT count(*) FROM data_general.ov_afinia").fetchone()
            # Nobody loads the day until all of it is taken back.
            with pytest.raises(LockBusyError), advisory_lock(other, "carga", "afinia", DAY.isoformat()):
                pass
        with advisory_lock(other, "carga", "afinia", DAY.isoformat()):
            pass
    assert (done.insertadas, done.actualizadas, done.sin_cambio, done.rechazadas) == (1, 1, 1, 1)
    assert seen == 3
    assert counts(database) == before


def test_a_rehearsal_keeps_no_other_day_waiting(database, tmp_path):
    """It lasts as long as the bucket's listing does."""
    with connect(database) as conn, connect(database) as other, rehearsed(conn, "afinia", DAY):
        csv_file(tmp_path, [row(1)])
        load_partition(conn, "afinia", DAY, tmp_path / f"{DAY}.csv", None, [], "ensayo", rehearsal=True)
        other.execute("SET lock_timeout = '1s'")
        other.commit()
        take_turn(other, "afinia")


def test_a_rehearsed_load_with_too_many_rejects_leaves_none_of_them(database, tmp_path):
    csv_file(tmp_path, [row(1, fecha="ayer"), row(2)])
    path = tmp_path / f"{DAY}.csv"
    with (
        connect(database) as conn,
        pytest.raises(TooManyRejectsError),
        rehearsed(conn, "afinia", DAY),
    ):
        load_partition(conn, "afinia", DAY, path, None, [], "ensayo", Thresholds(max_rows=0), rehearsal=True)
    assert set(counts(database).values()) == {0}


def test_a_load_that_is_meant_to_stay_refuses_an_open_transaction(database, tmp_path):
    csv_file(tmp_path, [row(1)])
    with (
        connect(database) as conn,
        rehearsed(conn, "afinia", DAY),
        pytest.raises(OpenTransactionError),
    ):
        load_partition(conn, "afinia", DAY, tmp_path / f"{DAY}.csv", None, [], "carga")


def test_rows_kept_under_an_older_key_are_replayed_and_new_ones_take_the_first(database, tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    load(database, tmp_path, [row(1), row(2, fecha="ayer")], raw_row_key=old)
    (tmp_path / f"{DAY}.csv").unlink()
    both = f"{new}, {old}"
    with connect(database) as conn:
        [kept] = pending_rejects(conn, "afinia", DAY)
        assert kept.row(both)["fecha"] == "ayer"
        assert replay(conn, "afinia", DAY, raw_row_key=both).siguen == 1
    load(database, tmp_path, [row(1), row(3, fecha="ayer")], raw_row_key=both)
    with connect(database) as conn:
        found = {reject.numero_radicado: reject for reject in pending_rejects(conn, "afinia", DAY)}
    assert found["00000003"].row(new)["fecha"] == "ayer"
    assert fetch(database, "SELECT count(*) FROM data_general.ov_afinia") == [(1,)]
