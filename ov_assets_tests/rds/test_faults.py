"""Two at once, a killed backend, a table that resists, and errors that carry nobody's data."""

import threading
import time
import traceback

import psycopg
import pytest

from ov_assets.rds import loader
from ov_assets.rds.connection import (
    DatabaseDownError,
    DatabaseError,
    connect,
    private_errors,
    without_values,
)
from ov_assets.rds.loader import CountsDisagreeError, load_partition
from ov_assets.rds.locks import LockBusyError, advisory_lock, lock_key
from ov_assets_tests.rds.helpers import DAY, csv_file, fetch, later, load, row

SECRET = "Planted Person 4217"


def test_a11_two_loads_of_one_partition_at_once_are_one_after_the_other(database, tmp_path):
    csv_file(tmp_path, [row(n) for n in range(300)])
    results, barrier = [], threading.Barrier(2)

    def work() -> None:
        barrier.wait()
        results.append(load(database, tmp_path, None))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.insertadas for result in results) == [0, 300]
    assert sorted(result.ya_cargado for result in results) == [False, True]
    assert fetch(database, "SELECT count(*) FROM data_general.cargas_ov") == [(1,)]


def test_a_load_that_waits_too_long_says_who_it_waits_for(database, tmp_path, monkeypatch):
    monkeypatch.setattr(loader, "LOCK_WAIT_SECONDS", 0.2)
    with connect(database) as other, advisory_lock(other, "carga", "afinia", DAY.isoformat()):
        with pytest.raises(LockBusyError, match="carga afinia 2025-10-13"):
            load(database, tmp_path, [row(1)])
        assert load(database, tmp_path, [row(1, company="aire")], company="aire").insertadas == 1
    assert load(database, tmp_path, [row(1)]).insertadas == 1


@pytest.mark.kill
@pytest.mark.parametrize("statement", ["load_upsert", "rejects_record", "files_record", "load_record"])
def test_a4_a_backend_killed_during_the_load_leaves_nothing(database, tmp_path, monkeypatch, statement):
    load(database, tmp_path, [row(1)])
    before = _everything(database)
    rows = [row(1, at=later(), lectura="otra"), row(2), row(3, fecha="no")]
    csv_file(tmp_path, rows)
    with connect(database) as conn:
        real_execute = psycopg.Cursor.execute
        real_many = psycopg.Cursor.executemany
        wanted = loader.query(statement) if statement != "load_upsert" else None

        def kill() -> None:
            with psycopg.connect(**database, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s)", [conn.info.backend_pid])

        def hits(query: object) -> bool:
            return query == wanted or (wanted is None and "clasificada" in str(query))

        def execute(self, query, *args, **kwargs):
            if self.connection is conn and hits(query):
                kill()
            return real_execute(self, query, *args, **kwargs)

        def executemany(self, query, *args, **kwargs):
            if self.connection is conn and hits(query):
                kill()
            return real_many(self, query, *args, **kwargs)

        monkeypatch.setattr(psycopg.Cursor, "execute", execute)
        monkeypatch.setattr(psycopg.Cursor, "executemany", executemany)
        with pytest.raises(DatabaseDownError):
            load_partition(
                conn, "afinia", DAY, tmp_path / f"{DAY}.csv", tmp_path / f"{DAY}.rechazos.csv", [], "prueba"
            )
        monkeypatch.undo()
    assert _everything(database) == before
    result = load(database, tmp_path, rows)
    assert (result.insertadas, result.actualizadas, result.rechazadas) == (1, 1, 1)


def _everything(database):
    tables = ("ov_afinia", "cargas_ov", "archivos_ov", "rechazos_ov", "historial_ov")
    return [fetch(database, "SELECT t::text FROM data_general.{t} t ORDER BY 1", t=name) for name in tables]


def test_a4_rows_that_do_not_add_up_roll_the_load_back(database, tmp_path):
    with psycopg.connect(**database) as conn:
        conn.execute(
            "CREATE FUNCTION data_general.tragar() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF NEW.numero_radicado = '00000002' THEN RETURN NULL; END IF; RETURN NEW; END $$"
        )
        conn.execute(
            "CREATE TRIGGER tragar BEFORE INSERT ON data_general.ov_afinia"
            " FOR EACH ROW EXECUTE FUNCTION data_general.tragar()"
        )
    with pytest.raises(CountsDisagreeError, match="filas 3, insertadas 2"):
        load(database, tmp_path, [row(1), row(2), row(3)])
    assert fetch(database, "SELECT count(*) FROM data_general.ov_afinia") == [(0,)]
    assert fetch(database, "SELECT count(*) FROM data_general.cargas_ov") == [(0,)]


def test_a_radicado_that_another_day_inserts_meanwhile_rolls_the_load_back(database, tmp_path):
    csv_file(tmp_path, [row(1), row(2)])
    failures = []

    def work() -> None:
        try:
            load(database, tmp_path, None)
        except CountsDisagreeError as error:
            failures.append(error)

    with psycopg.connect(**database) as other:
        other.execute(
            "INSERT INTO data_general.ov_afinia (numero_radicado, fecha) VALUES ('00000002', '2025-10-12')"
        )
        thread = threading.Thread(target=work)
        thread.start()
        with psycopg.connect(**database, autocommit=True) as watcher:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid'"
            while watcher.execute(waiting).fetchone() == (0,):
                time.sleep(0.02)
    thread.join()
    assert len(failures) == 1
    assert fetch(database, "SELECT numero_radicado FROM data_general.ov_afinia") == [("00000002",)]
    result = load(database, tmp_path, None)
    assert (result.insertadas, result.actualizadas) == (1, 1)


def test_b11_an_error_says_which_rule_was_broken_and_by_no_value(database, tmp_path):
    with psycopg.connect(**database) as conn:
        conn.execute(
            "ALTER TABLE data_general.ov_afinia ADD CONSTRAINT resiste CHECK (lectura IS NULL),"
            " ADD CONSTRAINT unica UNIQUE (nombres_apellidos)"
        )
    rows = [row(n, lectura="", nombres_apellidos=SECRET) for n in (1, 2)]
    for spoil, expected in (([*rows[:1], row(3, nombres_apellidos=SECRET)], "resiste"), (rows, "unica")):
        with pytest.raises(DatabaseError) as raised:
            load(database, tmp_path, spoil)
        assert raised.value.constraint == expected
        assert raised.value.table == "ov_afinia"
        text = "".join(traceback.format_exception(raised.value))
        assert expected in text and SECRET not in text and "00000001" not in text
        assert raised.value.__context__ is None and raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("SELECT '{v}'::int", "22P02"),
        ("SELECT ('{{' || '{v}')::jsonb", "22P02"),
        ("SELECT '{v}'::timestamp", "22007"),
        ("INSERT INTO data_general.listado_ov (empresa, numero_radicado) VALUES ('a', '{v}')", "23502"),
    ],
)
def test_b11_errors_that_would_print_a_value_do_not(database, statement, sqlstate):
    @private_errors
    def work() -> None:
        with connect(database) as conn:
            conn.execute(statement.format(v=SECRET).encode())

    with pytest.raises(DatabaseError) as raised:
        work()
    assert raised.value.sqlstate == sqlstate
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_a_database_that_is_not_there_is_named_without_its_password(database):
    for wrong in ({"port": 1}, {"dbname": "no_such"}, {"user": "nobody", "password": "planted-secret"}):
        conninfo = (
            {"host": "127.0.0.1"} | database | {"password": "planted-secret", "connect_timeout": 3} | wrong
        )
        with pytest.raises(DatabaseDownError, match=r":\d+/") as raised:
            connect(conninfo)
        assert "planted-secret" not in "".join(traceback.format_exception(raised.value))
        assert raised.value.__context__ is None


def test_a_passing_error_is_told_from_a_lasting_one():
    assert DatabaseError("40P01", "DeadlockDetected", "", None, None).passing
    assert not DatabaseError("23505", "UniqueViolation", "", None, None).passing
    assert isinstance(without_values(psycopg.OperationalError("gone")), DatabaseDownError)


def test_sessions_live_in_bogota(database):
    with connect(database) as conn:
        assert conn.execute("SHOW TimeZone").fetchone() == ("America/Bogota",)
        assert conn.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        assert not conn.autocommit


def test_a_lock_is_one_at_a_time_and_given_back_even_after_an_error(database):
    with connect(database) as one, connect(database) as two:
        with pytest.raises(ZeroDivisionError), advisory_lock(one, "a", "b"):
            with pytest.raises(LockBusyError), advisory_lock(two, "a", "b"):
                pass
            with pytest.raises(LockBusyError), advisory_lock(two, "a", "b", wait_seconds=0.1):
                pass
            with advisory_lock(two, "ab"):
                pass
            with pytest.raises(psycopg.Error):
                one.execute("SELECT 1/0")
            raise ZeroDivisionError
        assert one.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with advisory_lock(two, "a", "b", wait_seconds=1):
            pass
    assert lock_key("a", "b") == lock_key("a", "b") != lock_key("ab")
    assert -(2**63) <= lock_key("a") < 2**63
