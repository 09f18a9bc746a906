"""What a load publishes, counts, keeps and leaves alone."""

import csv
import json
from datetime import datetime, timedelta

import pytest

from ov_assets.pqr.csv_contract import COLUMNS, CsvContractError, read_company_csv, row_of
from ov_assets.pqr.manifest import Clase
from ov_assets.pqr.record import FIELDS, Pqr
from ov_assets.rds.compare import Differences, csv_equals_table
from ov_assets.rds.connection import UnknownCompanyError, connect
from ov_assets.rds.files_on_record import FileOnRecord
from ov_assets.rds.loader import OpenTransactionError, load_partition
from ov_assets_tests.rds.helpers import DAY, T0, csv_file, dead_rows, fetch, later, load, pqr, row

COUNTS = ("filas", "insertadas", "actualizadas", "sin_cambio", "obsoletas", "duplicadas", "rechazadas")


def counts(result):
    return {name: getattr(result, name) for name in COUNTS if getattr(result, name)}


def test_a1_a7_numeric_radicados_load_with_their_hash_and_every_value_as_text(database, tmp_path):
    rows = [row(n, nic="0000035", documento_identidad="0123456-7", telefono="") for n in range(50)]
    assert counts(load(database, tmp_path, rows)) == {"filas": 50, "insertadas": 50}
    stored = fetch(
        database,
        "SELECT numero_radicado, nic, documento_identidad, telefono, hash_registro, fecha::text, extraido_en"
        " FROM data_general.ov_afinia ORDER BY numero_radicado",
    )
    assert [line[0] for line in stored] == [f"{n:08d}" for n in range(50)]
    assert {line[1:4] for line in stored} == {("0000035", "0123456-7", None)}
    assert [line[4] for line in stored] == [line["hash_registro"] for line in rows]
    assert {line[5:] for line in stored} == {("2025-10-13 08:30:00", T0)}
    assert fetch(database, "SELECT count(*) FROM data_general.ov_aire") == [(0,)]


@pytest.mark.parametrize(
    "text",
    [
        'dijo "sí", y se fue',
        "dos\nlíneas\n\ny otra",
        "\\.\n\\.\nfin",
        "antes\n\\.\ndespués",
        "=1+1",
        "NaN",
        "NULL",
        "None",
        "\\N",
        "C:\\temp\\n\\t",
        "'; DROP TABLE data_general.ov_afinia; --",
        "😀 ñandú Ñ",
        "tab\tcoma,punto;",
        "100 % %s {tabla}",
        "x" * 20_000,
    ],
)
def test_text_survives_as_it_is(database, tmp_path, text):
    rows = [row(1, cuerpo_reclamacion=text, comentarios=text, numero_reclamo_sgc=text), row(2)]
    assert counts(load(database, tmp_path, rows)) == {"filas": 2, "insertadas": 2}
    stored = fetch(
        database,
        "SELECT cuerpo_reclamacion, comentarios, numero_reclamo_sgc FROM data_general.ov_afinia"
        " WHERE numero_radicado = '00000001'",
    )
    assert stored == [(text,) * 3]


def test_decomposed_text_is_stored_composed(database, tmp_path):
    load(database, tmp_path, [row(1, nombres_apellidos="Mun\u0303oz")])
    assert fetch(database, "SELECT nombres_apellidos FROM data_general.ov_afinia") == [("Muñoz",)]


def test_empty_fields_are_null_also_when_quoted(database, tmp_path):
    load(database, tmp_path, [row(1, comentarios="")])
    path = tmp_path / f"{DAY}.csv"
    blank = row(2, comentarios="", lectura="")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
        writer.writeheader()
        csv.DictWriter(file, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(blank)
    assert load(database, tmp_path, None).insertadas == 1
    stored = fetch(database, "SELECT comentarios, otros_campos FROM data_general.ov_afinia")
    assert stored == [(None, None), (None, None)]


def test_unknown_labels_are_kept(database, tmp_path):
    claim = Pqr.of(pqr(1).business_fields(), {"Barrio": "El Prado", "Código": 'a"b'}.items())
    load(database, tmp_path, [row_of("afinia", claim, T0)])
    assert fetch(database, "SELECT otros_campos FROM data_general.ov_afinia") == [
        ({"Barrio": "El Prado", "Código": 'a"b'},)
    ]


def test_a10_the_same_file_again_is_a_proven_no_op(new_database, tmp_path):
    rows = [*(row(n) for n in range(30)), row(7, at=later(-1), lectura="otra"), row(90, fecha="ayer")]
    first = load(new_database, tmp_path, rows)
    assert counts(first) == {"filas": 32, "insertadas": 30, "duplicadas": 1, "rechazadas": 1}
    tables = "ov_afinia", "archivos_ov", "cargas_ov", "rechazos_ov", "historial_ov"
    mark = "SELECT ctid::text, xmin::text, xmax::text FROM data_general.{table} ORDER BY 1"
    before = [fetch(new_database, mark, table=table) for table in tables]
    again = load(new_database, tmp_path, rows)
    assert again.ya_cargado
    assert counts(again) == {"filas": 32, "sin_cambio": 30, "duplicadas": 1, "rechazadas": 1}
    assert again.motivos == first.motivos == {"fecha_invalida": 1}
    assert again.archivos == first.archivos == 1
    assert [fetch(new_database, mark, table=table) for table in tables] == before
    assert dead_rows(new_database, "ov_afinia") == 0


def test_the_same_rows_from_a_newer_walk_only_say_when_they_were_last_seen(database, tmp_path):
    load(database, tmp_path, [row(n) for n in range(20)])
    said = "SELECT (to_jsonb(t) - 'extraido_en')::text FROM data_general.ov_afinia t ORDER BY numero_radicado"
    before = fetch(database, said)
    newer = [row(n, at=later()) for n in range(20)]
    again = load(database, tmp_path, newer)
    assert not again.ya_cargado
    assert counts(again) == {"filas": 20, "sin_cambio": 20}
    assert fetch(database, said) == before
    assert fetch(database, "SELECT DISTINCT extraido_en FROM data_general.ov_afinia") == [(later(),)]
    assert fetch(database, "SELECT count(*) FROM data_general.historial_ov") == [(0,)]
    mark = "SELECT ctid::text, xmin::text, xmax::text FROM data_general.ov_afinia ORDER BY 1"
    rows = fetch(database, mark)
    assert load(database, tmp_path, newer).ya_cargado
    assert fetch(database, mark) == rows


def test_no_op_is_not_believed_when_the_table_was_changed_behind_our_back(database, tmp_path):
    load(database, tmp_path, [row(n) for n in range(5)])
    with connect(database) as conn:
        conn.execute("DELETE FROM data_general.ov_afinia WHERE numero_radicado = '00000003'")
        conn.execute(
            "UPDATE data_general.ov_afinia SET hash_registro = 'x' WHERE numero_radicado = '00000004'"
        )
    again = load(database, tmp_path, [row(n) for n in range(5)])
    assert counts(again) == {"filas": 5, "insertadas": 1, "actualizadas": 1, "sin_cambio": 3}


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "numero_radicado"])
def test_a6_an_edit_of_any_field_updates_and_keeps_what_was_said_before(database, tmp_path, name):
    load(database, tmp_path, [row(1), row(2)])
    edited = "2025-10-13 08:31:05" if name == "fecha" else "otro valor"
    result = load(database, tmp_path, [row(1, at=later(), **{name: edited}), row(2, at=later())])
    assert counts(result) == {"filas": 2, "actualizadas": 1, "sin_cambio": 1}
    stored = fetch(
        database,
        "SELECT {name}::text, extraido_en, hash_registro FROM data_general.ov_afinia"
        " WHERE numero_radicado = '00000001'",
        name=name,
    )
    now = row(1, **{name: edited})
    assert stored == [(edited, later(), now["hash_registro"])]
    [(company, radicado, before, digest)] = fetch(
        database, "SELECT empresa, numero_radicado, antes, archivo_hash FROM data_general.historial_ov"
    )
    assert (company, radicado, digest) == ("afinia", "00000001", result.hash_archivo)
    old = row(1)
    assert {key: before[key] for key in FIELDS if key != "fecha"} == {
        key: old[key] for key in FIELDS if key != "fecha"
    }
    assert before["fecha"] == "2025-10-13T08:30:00"
    assert before["hash_registro"] == old["hash_registro"]
    assert datetime.fromisoformat(before["extraido_en"]) == T0


def test_b2_an_older_capture_never_wins(database, tmp_path):
    load(database, tmp_path, [row(1, at=later(), lectura="nueva")])
    result = load(database, tmp_path, [row(1, lectura="vieja")])
    assert counts(result) == {"filas": 1, "sin_cambio": 1, "obsoletas": 1}
    assert fetch(database, "SELECT lectura FROM data_general.ov_afinia") == [("nueva",)]
    assert fetch(database, "SELECT count(*) FROM data_general.historial_ov") == [(0,)]


def test_b2_the_files_of_an_older_capture_do_not_become_the_current_ones(database, tmp_path):
    def files(digest: str) -> list[FileOnRecord]:
        return [FileOnRecord(f"{n:08d}", Clase.JSON, "pqr.json", digest, 1, "raw/x") for n in (1, 2)]

    newer = [row(1, at=later(), lectura="nueva"), row(2)]
    load(database, tmp_path, newer, files=files("nuevo"))
    # Another machine's disk, of which only the second PQR is as new.
    older = [
        row(1, lectura="vieja"),
        row(1, at=later(-1), lectura="antes"),
        row(2, at=later(2), lectura="otra"),
    ]
    for already in (False, True):
        again = load(database, tmp_path, older, files=files("viejo"))
        assert (again.obsoletas, again.archivos, again.ya_cargado) == (1, 1, already)
        assert fetch(
            database,
            "SELECT numero_radicado, hash_archivo FROM data_general.archivos_ov WHERE vigente ORDER BY 1",
        ) == [("00000001", "nuevo"), ("00000002", "viejo")]


@pytest.mark.parametrize("reverse", [False, True])
def test_b2_of_duplicates_the_newest_counts_whatever_the_order_of_the_file(database, tmp_path, reverse):
    rows = [
        row(1, at=later(-2), lectura="vieja"),
        # The same instant written with another offset is later than it looks as text.
        row(1, at=later(2).astimezone(tz=None), lectura="nueva"),
        row(1, at=T0, lectura="media"),
    ]
    path = tmp_path / f"{DAY}.csv"
    csv_file(tmp_path, [])
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, COLUMNS, lineterminator="\r\n").writerows(rows[::-1] if reverse else rows)
    assert counts(load(database, tmp_path, None)) == {"filas": 3, "insertadas": 1, "duplicadas": 2}
    assert fetch(database, "SELECT lectura FROM data_general.ov_afinia") == [("nueva",)]


def test_a8_each_company_has_its_own_table(database, tmp_path):
    load(database, tmp_path, [row(1)])
    load(database, tmp_path, [row(1, company="aire")], company="aire")
    assert fetch(database, "SELECT count(*) FROM data_general.ov_afinia") == [(1,)]
    assert fetch(database, "SELECT count(*) FROM data_general.ov_aire") == [(1,)]


def test_a12_the_table_is_never_a_callers_text(database, tmp_path):
    with pytest.raises(UnknownCompanyError):
        load(database, tmp_path, [row(1)], company="afinia; DROP TABLE data_general.ov_afinia")


def test_the_ledger_has_the_counts_and_a_file_loaded_after_another_is_the_latest_again(database, tmp_path):
    first, second = [row(1)], [row(1, at=later(), lectura="b"), row(2)]
    load(database, tmp_path, first)
    load(database, tmp_path, second)
    back = load(database, tmp_path, first)
    assert counts(back) == {"filas": 1, "sin_cambio": 1, "obsoletas": 1}
    assert load(database, tmp_path, first).ya_cargado
    ledger = fetch(
        database,
        "SELECT filas, insertadas, sin_cambio, obsoletas, ejecucion FROM data_general.cargas_ov"
        " ORDER BY cargado_en",
    )
    assert ledger == [(2, 1, 0, 0, "prueba"), (1, 0, 1, 1, "prueba")]


def test_an_empty_day_loads(database, tmp_path):
    assert counts(load(database, tmp_path, [])) == {}
    assert fetch(database, "SELECT filas FROM data_general.cargas_ov") == [(0,)]


@pytest.mark.parametrize(
    "data",
    [
        b"numero_radicado,fecha\r\n1,2\r\n",
        b"",
        (",".join(COLUMNS) + "\r\nafinia,1,2\r\n").encode(),
        (",".join(COLUMNS) + "\r\n" + ",".join(["x"] * 23) + "\r\n").encode(),
        (",".join(COLUMNS) + "\r\n").encode() + b"\xff" + b"," * (len(COLUMNS) - 1) + b"\r\n",
        (",".join(COLUMNS) + '\r\n"afinia').encode(),
    ],
    ids=["header", "empty", "ragged", "too wide", "not UTF-8", "open quote"],
)
def test_a_file_that_is_no_company_csv_loads_nothing(database, tmp_path, data):
    csv_file(tmp_path, [])
    (tmp_path / f"{DAY}.csv").write_bytes(data)
    with pytest.raises(CsvContractError):
        load(database, tmp_path, None)
    assert fetch(database, "SELECT count(*) FROM data_general.cargas_ov") == [(0,)]


def test_a_missing_file_says_what_to_do(database, tmp_path):
    with connect(database) as conn, pytest.raises(CsvContractError, match="materialize company_csv"):
        load_partition(conn, "afinia", DAY, tmp_path / "no.csv", None, [], "prueba")


def test_an_end_marker_of_copy_hides_no_rows(database, tmp_path):
    csv_file(tmp_path, [row(1), row(2)])
    path = tmp_path / f"{DAY}.csv"
    head, one, *rest = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([head, one, b"\\.", *rest]))
    with pytest.raises(CsvContractError):
        load(database, tmp_path, None)


def test_the_load_must_be_able_to_commit(database, tmp_path):
    csv_file(tmp_path, [row(1)])
    with connect(database) as conn:
        conn.execute("SELECT 1")
        with pytest.raises(OpenTransactionError):
            load_partition(conn, "afinia", DAY, tmp_path / f"{DAY}.csv", None, [], "prueba")


def test_the_csv_equals_the_table_or_the_difference_is_named(database, tmp_path):
    rows = [row(n) for n in range(6)] + [row(5, at=later(-1), lectura="duplicada")]
    load(database, tmp_path, rows)
    with connect(database) as conn:
        read = read_company_csv(tmp_path / f"{DAY}.csv")
        same = csv_equals_table(conn, "afinia", read)
        assert same == Differences(6, [], [], [])
        conn.execute("DELETE FROM data_general.ov_afinia WHERE numero_radicado = '00000000'")
        conn.execute(
            "UPDATE data_general.ov_afinia SET hash_registro = 'x' WHERE numero_radicado = '00000001'"
        )
        conn.execute(
            "UPDATE data_general.ov_afinia SET hash_registro = 'x', extraido_en = %s"
            " WHERE numero_radicado = '00000002'",
            [T0 + timedelta(days=1)],
        )
        other = csv_equals_table(conn, "afinia", read)
        assert other == Differences(3, ["00000002"], ["00000000"], ["00000001"])


def test_history_holds_unknown_labels_too(database, tmp_path):
    claim = Pqr.of(pqr(1).business_fields(), {"Barrio": "El Prado"}.items())
    load(database, tmp_path, [row_of("afinia", claim, T0)])
    load(database, tmp_path, [row(1, at=later())])
    [(before,)] = fetch(database, "SELECT antes->>'otros_campos' FROM data_general.historial_ov")
    assert json.loads(before) == {"Barrio": "El Prado"}
