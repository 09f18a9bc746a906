"""Nothing of what the predecessor lost, changed or misreported on the way to the database may come back.

Each test bears the number of a defect in the list of the predecessor's defects, severity S1 or S2, parts A
(loading) and B1 to B5 (consolidation); C and D are in `test_predecessor_s3.py`. On the predecessor each
fails.

Those that have no counterpart here:

| defect | why |
| --- | --- |
| A17, second half | "one pool under two import names": there is no pool, a load opens one connection |
| A18, MySQL | no MySQL; what its date parsing lost is tested as A18 |
| A20 | that loader is gone; its faults are A3 (failed preload), A6 (no updates), A16 (columns), D1 |
| A21, "cannot run" | undefined names: ruff's F821 fails the build; its order of steps is tested as A21 |
| A22 | those processors are gone; Air-e in Afinia's table is A8, a connection a row is A11 |

S3 defects (A12, A24, A25) are outside of this list; A12 is tested in `rds/test_load.py`.
"""

import dagster as dg
import psycopg
import pytest

from ov_assets.assets.company_csv import company_csv
from ov_assets.companies import COMPANIES
from ov_assets.pqr import csv_contract, files
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.consolidate import consolidate
from ov_assets.pqr.csv_contract import COLUMNS, read_company_csv, write_company_csv
from ov_assets.pqr.record import FIELDS, Pqr
from ov_assets.pqr.shapes import odd_shapes
from ov_assets.rds import migrate
from ov_assets.rds.connection import DatabaseError, connect
from ov_assets.rds.loader import load_partition
from ov_assets.rds.rejects import TooManyRejectsError
from ov_assets.resources import Disk
from ov_assets_tests.pqr.examples import DAY as CAPTURED_DAY
from ov_assets_tests.pqr.examples import capture
from ov_assets_tests.rds.helpers import DAY, csv_file, dead_rows, fetch, later, load, pqr, row
from ov_assets_tests.rds.test_migrations import v1

STORED = "SELECT numero_radicado FROM data_general.ov_afinia ORDER BY 1"


def wire(database, tmp_path, rows):
    """What a load sends to the server, message by message: [(type, text)]."""
    csv_file(tmp_path, rows)
    path = tmp_path / "wire"
    with connect(database) as conn, path.open("wb") as log:
        conn.pgconn.trace(log.fileno())
        load_partition(conn, "afinia", DAY, tmp_path / f"{DAY}.csv", None, [], "prueba")
        conn.pgconn.untrace()
    sent = [line.split("\t") for line in path.read_text("utf-8", "replace").split("\n")]
    return [(line[3], line[-1]) for line in sent if len(line) > 3 and line[1] == "F"]


def on_insert(database, body):
    """A trigger on ov_afinia that runs `body` for each row."""
    with psycopg.connect(**database) as conn:
        conn.execute(
            "CREATE FUNCTION data_general.estorbo() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {body}; RETURN NEW; END $$"
        )
        conn.execute(
            "CREATE TRIGGER estorbo BEFORE INSERT ON data_general.ov_afinia"
            " FOR EACH ROW EXECUTE FUNCTION data_general.estorbo()"
        )


def test_a1_numeric_radicados_load_all_50_of_50(database, tmp_path):
    result = load(database, tmp_path, [row(n) for n in range(50)])
    assert (result.insertadas, result.rechazadas) == (50, 0)
    assert fetch(database, STORED) == [(f"{n:08d}",) for n in range(50)]


def test_a2_leading_zeros_stay_and_blanks_are_null(database, tmp_path):
    load(database, tmp_path, [row(1, nic="0000035", documento_identidad="0123456", telefono="", lectura="")])
    columns = "SELECT nic, documento_identidad, telefono, lectura FROM data_general.ov_afinia"
    assert fetch(database, columns) == [("0000035", "0123456", None, None)]


def test_a3_a_failing_query_is_raised_and_not_taken_for_no_duplicate(database, tmp_path):
    with psycopg.connect(**database) as conn:
        conn.execute("ALTER TABLE data_general.ov_afinia RENAME TO otra")
    with pytest.raises(DatabaseError):
        load(database, tmp_path, [row(1)])


def test_a4_a_refused_row_is_an_error_and_no_count_claims_otherwise(database, tmp_path):
    on_insert(database, "IF NEW.numero_radicado = '00000008' THEN RAISE EXCEPTION 'no'; END IF")
    with pytest.raises(DatabaseError):
        load(database, tmp_path, [row(n) for n in range(20)])
    assert fetch(database, STORED) == []
    assert fetch(database, "SELECT count(*) FROM data_general.cargas_ov") == [(0,)]


@pytest.mark.parametrize("place", [0, 8, 49])
def test_a5_one_bad_date_costs_one_row_wherever_it_stands(database, tmp_path, place):
    rows = [row(n, fecha="ayer") if n == place else row(n) for n in range(50)]
    result = load(database, tmp_path, rows)
    assert (result.insertadas, result.rechazadas, len(fetch(database, STORED))) == (49, 1, 49)


@pytest.mark.parametrize(
    "name", ["estado_solicitud", "cuerpo_reclamacion", "comentarios", "correo_electronico"]
)
def test_a6_an_edit_outside_of_the_five_old_hash_fields_arrives(database, tmp_path, name):
    load(database, tmp_path, [row(1)])
    assert load(database, tmp_path, [row(1, at=later(), **{name: "editado"})]).actualizadas == 1
    assert fetch(database, "SELECT {n} FROM data_general.ov_afinia", n=name) == [("editado",)]


def test_a7_rows_carry_the_hash_of_the_csv_and_are_not_updated_each_run(new_database, tmp_path):
    rows = [row(n) for n in range(10)]
    load(new_database, tmp_path, rows)
    stored = fetch(new_database, "SELECT hash_registro FROM data_general.ov_afinia ORDER BY numero_radicado")
    assert [digest for (digest,) in stored] == [line["hash_registro"] for line in rows]
    assert load(new_database, tmp_path, [*rows, row(10)]).sin_cambio == 10
    assert dead_rows(new_database, "ov_afinia") == 0


@pytest.mark.parametrize(("company", "other"), [("afinia", "aire"), ("aire", "afinia")])
def test_a8_no_row_of_one_company_enters_the_table_of_the_other(database, tmp_path, company, other):
    rows = [row(n, company=company if n < 8 else other) for n in range(10)]
    result = load(database, tmp_path, rows, company=company)
    assert (result.insertadas, result.motivos) == (8, {"otra_empresa": 2})
    assert fetch(database, "SELECT count(*) FROM data_general.{t}", t=COMPANIES[other].table) == [(0,)]


def test_a9_a_load_of_nothing_but_errors_is_no_success(database, tmp_path):
    with pytest.raises(TooManyRejectsError):
        load(database, tmp_path, [row(n, fecha="ayer") for n in range(60)])


def test_a10_a_file_already_loaded_is_skipped_and_an_older_one_overwrites_nothing(database, tmp_path):
    load(database, tmp_path, [row(1, at=later(), lectura="nueva")])
    assert load(database, tmp_path, None).ya_cargado
    assert load(database, tmp_path, [row(1, lectura="vieja")]).obsoletas == 1
    assert fetch(database, "SELECT lectura FROM data_general.ov_afinia") == [("nueva",)]


def test_a11_the_number_of_statements_does_not_grow_with_the_rows(database, tmp_path):
    few, many = (wire(database, tmp_path, [row(n + at) for n in range(at)]) for at in (10, 400))
    assert sum(kind in ("Query", "Parse") for kind, _ in few) < 60
    assert [kind for kind, _ in many if kind in ("Query", "Parse")] == [
        kind for kind, _ in few if kind in ("Query", "Parse")
    ]


@pytest.mark.parametrize(
    ("cells", "motivo"),
    [
        ({"fecha": "31/02/2025 08:00"}, "fecha_invalida"),
        ({"numero_radicado": "1" * 51}, "radicado_largo"),
        ({"numero_radicado": "12a"}, "radicado_no_numerico"),
        ({"estado_solicitud": ""}, "sin_estado"),
    ],
)
def test_a13_what_cannot_be_stored_is_a_named_reject_and_no_null(database, tmp_path, cells, motivo):
    assert load(database, tmp_path, [row(1, **cells), row(2)]).motivos == {motivo: 1}
    assert fetch(database, STORED) == [("00000002",)]


def test_a14_rows_that_are_all_there_cost_no_commit_each(database, tmp_path):
    load(database, tmp_path, [row(n) for n in range(150)])
    sent = wire(database, tmp_path, [row(n, at=later()) for n in range(150)])
    assert sum("COMMIT" in text for _, text in sent) < 10


@pytest.mark.parametrize("company", COMPANIES)
def test_a15_every_company_loads_by_the_same_path(database, tmp_path, company):
    assert load(database, tmp_path, [row(1, company=company)], company=company).insertadas == 1


def test_a16_tables_of_the_predecessors_own_ddl_get_what_the_loader_writes(empty_database, tmp_path):
    v1(empty_database)
    migrate.upgrade(empty_database)
    assert migrate.check(empty_database) == []
    assert load(empty_database, tmp_path, [row(90, comentarios="c", lectura="l")]).insertadas == 1


def test_a17_the_roles_statement_timeout_does_not_end_a_load(database, tmp_path):
    csv_file(tmp_path, [row(1)])
    on_insert(database, "PERFORM pg_sleep(1.5)")
    with connect(database) as conn:
        conn.execute("SET statement_timeout = '1s'")
        conn.commit()
        path = tmp_path / f"{DAY}.csv"
        assert load_partition(conn, "afinia", DAY, path, None, [], "prueba").insertadas == 1


def test_a18_fecha_keeps_its_time_and_the_capture_its_instant(database, tmp_path):
    load(database, tmp_path, [row(1, fecha="2025/10/13 14:30:59", at=later(3))])
    columns = "SELECT fecha::text, extraido_en FROM data_general.ov_afinia"
    assert fetch(database, columns) == [("2025-10-13 14:30:59", later(3))]


def test_a19_a_word_in_the_text_does_not_decide_the_company(database, tmp_path):
    load(database, tmp_path, [row(1, cuerpo_reclamacion="aire acondicionado Air-e aire")])
    assert fetch(database, STORED) == [("00000001",)]
    assert fetch(database, "SELECT count(*) FROM data_general.ov_aire") == [(0,)]


def test_a23_a_finalised_claim_with_the_time_of_day_is_accepted(database, tmp_path):
    claim = row(1, estado_solicitud="Finalizado", fecha="2025/10/13 08:30", tipo_pqr="Reclamo facturación")
    assert load(database, tmp_path, [claim]).insertadas == 1


def materialize_csv(data_dir, monkeypatch):
    monkeypatch.setenv("OV_DATA_DIR", str(data_dir))
    key = f"afinia|{CAPTURED_DAY}"
    return dg.materialize([company_csv], partition_key=key, resources={"disk": Disk()}, raise_on_error=False)


def test_b1_what_was_captured_is_found_and_without_captures_a_stale_csv_does_not_pass(data_dir, monkeypatch):
    store = CaptureStore(data_dir, "afinia", CAPTURED_DAY)
    path = csv_contract.csv_path(data_dir, "afinia", CAPTURED_DAY)
    write_company_csv(path, [row(1)])
    assert not materialize_csv(data_dir, monkeypatch).success
    capture(store, pqr(7))
    store.record_outcome({})
    assert materialize_csv(data_dir, monkeypatch).success
    assert [line["numero_radicado"] for line in read_company_csv(path)] == ["00000007"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_b2_the_newest_state_wins_whatever_comes_first(data_dir, newest_first):
    store = CaptureStore(data_dir, "afinia", CAPTURED_DAY)
    # File names of the predecessor's order: another PQR before and after make no difference.
    capture(store, pqr(9 if newest_first else 1))
    capture(store, pqr(5, estado_solicitud="En trámite"))
    capture(store, pqr(5, estado_solicitud="Finalizado"), huella="h2")
    states = {line["numero_radicado"]: line["estado_solicitud"] for line in consolidate(store)[0]}
    assert states["00000005"] == "Finalizado"


def test_b3_values_are_kept_as_the_portal_shows_them(data_dir):
    shown = {
        "documento_identidad": "900.123.456-7",
        "nombres_apellidos": "MARÍA DE LA O McDonald",
        "telefono": "(605) 555-0100 ext. 2",
        "correo_electronico": "Ana.Perez@Ejemplo.CO",
        "nic": "AB-0001",
        "fecha": "2025-10-13 08:30:59",
    }
    store = CaptureStore(data_dir, "afinia", CAPTURED_DAY)
    capture(store, pqr(1, **shown))
    [line] = consolidate(store)[0]
    assert {name: line[name] for name in shown} == shown


def test_b4_the_header_is_fixed_and_an_interrupted_write_leaves_the_old_file(data_dir, monkeypatch):
    store = CaptureStore(data_dir, "afinia", CAPTURED_DAY)
    capture(store, Pqr.of(pqr(1).business_fields(), {"Etiqueta nueva": "x"}.items()))
    rows = consolidate(store)[0]
    path = csv_contract.csv_path(data_dir, "afinia", CAPTURED_DAY)
    write_company_csv(path, rows)
    before = path.read_bytes()
    assert before.split(b"\r\n")[0] == ",".join(COLUMNS).encode()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_company_csv(path, [])
    assert path.read_bytes() == before
    assert sorted(found.name for found in path.parent.iterdir()) == [path.name, f"{path.name}.sha256"]


def test_b5_rejects_are_kept_and_odd_shapes_are_counted(database, tmp_path):
    rows = [
        row(1, fecha="ayer"),
        row(2, nic="x", correo_electronico="no es un correo"),
        row(3, nic="1234567"),
    ]
    assert load(database, tmp_path, rows).insertadas == 2
    assert fetch(database, "SELECT motivo, linea FROM data_general.rechazos_ov") == [("fecha_invalida", 2)]
    counts = odd_shapes([dict.fromkeys(FIELDS, "") | line for line in rows[1:]])
    assert (counts["nic"], counts["correo_electronico"]) == (1, 2)
