"""Rows that can't be loaded: named, kept, counted, limited, replayed."""

import json
from datetime import UTC

import pytest
from cryptography.fernet import Fernet

from ov_assets.pqr.content_hash import hash_registro
from ov_assets.pqr.csv_contract import Reject, row_of, write_rejects_csv
from ov_assets.rds.connection import DatabaseError, connect
from ov_assets.rds.rejects import Thresholds, TooManyRejectsError
from ov_assets.rds.replay import WrongRowKeyError, pending_rejects, replay
from ov_assets.rds.staging import REASONS
from ov_assets_tests.rds.helpers import DAY, T0, csv_file, fetch, later, load, pqr, row

SECRET = "Planted Person 4217"


def spoiled(number: int, **cells: str) -> dict[str, str]:
    """A row whose cells were set after its hash was made."""
    return row(number, nombres_apellidos=SECRET) | cells


BAD = {
    "caracter_invalido": [row(1, comentarios=f"{SECRET}\x00"), row(1, numero_radicado="1\x00")],
    "otra_empresa": [
        row(1, company="aire", comentarios=SECRET),
        spoiled(1, empresa=""),
        spoiled(1, empresa="Afinia"),
    ],
    "sin_radicado": [row(1, numero_radicado=""), spoiled(1, numero_radicado="  ")],
    "radicado_no_numerico": [
        row(1, numero_radicado=SECRET),
        row(1, numero_radicado="12a"),
        spoiled(1, numero_radicado=" 12"),
        row(1, numero_radicado="١٢٣"),
        row(1, numero_radicado="NULL"),
        row(1, numero_radicado="12\n13"),
    ],
    "radicado_largo": [row(1, numero_radicado="1" * 51), row(1, numero_radicado="1" * 5000)],
    "sin_estado": [row(1, estado_solicitud=""), spoiled(1, estado_solicitud=" ")],
    "fecha_invalida": [
        row(1, fecha=text)
        for text in (
            "",
            SECRET,
            "2025/02/29 08:00",
            "2025-04-31 08:00",
            "2025/13/01 08:00",
            "2025/00/10 08:00",
            "2025/10/00 08:00",
            "0000/10/13 08:00",
            "2025/10/13 24:00",
            "2025/10/13 08:60",
            "2025/10/13 08:30:60",
            "2025/10-13 08:30",
            "13/10/2025 08:30",
            "2025/10/13",
            "2025/10/13T08:30",
            "2025/10/13 8:30",
            "20251/10/13 08:30",
            "2025/10/13 08:30\n2025",
            "٢٠٢٥/10/13 08:30",
            "infinity",
            "now",
        )
    ],
    "extraido_en_invalido": [
        spoiled(1, extraido_en=text)
        for text in (
            "",
            SECRET,
            "2025-10-14T09:00:00",
            "2025-02-30T09:00:00+00:00",
            "2025-10-14T09:00:00+99:00",
        )
    ],
    "otros_campos_invalidos": [
        spoiled(1, otros_campos=text)
        for text in ("{", "[1]", "null", SECRET, '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 100_000)
    ],
    "hash_no_coincide": [
        spoiled(1, lectura="editada a mano"),
        spoiled(1, hash_registro=""),
        spoiled(1, hash_registro="x" * 9000),
    ],
}


def test_every_reason_has_its_rows_here():
    assert BAD.keys() == REASONS.keys()


@pytest.mark.parametrize(
    ("motivo", "bad"),
    [(motivo, bad) for motivo, rows in BAD.items() for bad in rows],
    ids=lambda part: part if isinstance(part, str) else "row",
)
def test_a5_a13_one_bad_row_is_rejected_by_name_and_the_good_ones_load(database, tmp_path, motivo, bad):
    good = [row(n) for n in range(10, 15)]
    result = load(database, tmp_path, [*good[:2], bad, *good[2:]])
    assert (result.filas, result.insertadas, result.rechazadas) == (6, 5, 1)
    assert result.motivos == {motivo: 1}
    [kept] = fetch(
        database,
        "SELECT motivo, detalle, linea, numero_radicado, fila_cifrada, estado, archivo_hash"
        " FROM data_general.rechazos_ov",
    )
    radicado = bad["numero_radicado"]
    clear = radicado if radicado.isascii() and radicado.isdigit() and len(radicado) <= 50 else None
    assert kept[:2] == (motivo, REASONS[motivo])
    assert kept[3:] == (clear, None, "pendiente", result.hash_archivo)
    assert 2 <= kept[2] <= 7
    everything = str(fetch(database, "SELECT to_jsonb(r) FROM data_general.rechazos_ov r"))
    assert SECRET not in everything


def test_a_row_edited_after_the_csv_was_written_is_found_and_the_others_load(database, tmp_path):
    written = csv_file(tmp_path, [row(1), row(2), row(3)])
    path = tmp_path / written.nombre
    path.write_bytes(path.read_bytes().replace(b"lectura 2", b"lectura 9"))
    result = load(database, tmp_path, None, written_sha256=written.hash_archivo)
    assert (result.insertadas, result.motivos) == (2, {"hash_no_coincide": 1})


def test_a_csv_that_is_as_it_was_written_is_judged_by_all_other_rules(database, tmp_path):
    """Its hashes and instants are company_csv's own; what the portal showed can still be anything."""
    ours = {"hash_no_coincide", "extraido_en_invalido"}
    bad = {motivo: rows for motivo, rows in BAD.items() if motivo not in ours}
    written = csv_file(tmp_path, [row(20), row(21), *(spoiled for rows in bad.values() for spoiled in rows)])
    limits = Thresholds(999, 1)
    result = load(database, tmp_path, None, written_sha256=written.hash_archivo, thresholds=limits)
    assert result.insertadas == 2
    assert result.motivos == {motivo: len(rows) for motivo, rows in bad.items()}
    again = load(database, tmp_path, None, thresholds=limits)
    assert (again.ya_cargado, again.motivos) == (True, result.motivos)


def test_an_instant_that_company_csv_never_wrote_under_its_hash_loads_nothing_and_names_nobody(
    database, tmp_path
):
    written = csv_file(tmp_path, [row(1), spoiled(2, extraido_en=SECRET)])
    with pytest.raises(DatabaseError) as refused:
        load(database, tmp_path, None, written_sha256=written.hash_archivo)
    assert SECRET not in str(refused.value)
    assert fetch(database, "SELECT count(*) FROM data_general.ov_afinia") == [(0,)]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2025/10/13 08:30", "2025-10-13 08:30:00"),
        ("2025-10-13 08:30", "2025-10-13 08:30:00"),
        ("2025/10/13 08:30:59", "2025-10-13 08:30:59"),
        ("2025-10-13 23:59:59", "2025-10-13 23:59:59"),
        ("2024/02/29 00:00", "2024-02-29 00:00:00"),
        ("2025/12/31 23:59", "2025-12-31 23:59:00"),
        ("0001/01/01 00:00", "0001-01-01 00:00:00"),
        ("9999/12/31 23:59:59", "9999-12-31 23:59:59"),
    ],
)
def test_a18_every_form_of_fecha_keeps_its_time(database, tmp_path, text, stored):
    load(database, tmp_path, [row(1, fecha=text)])
    assert fetch(database, "SELECT fecha::text FROM data_general.ov_afinia") == [(stored,)]


def test_the_line_is_the_number_of_the_row_in_the_file_whatever_line_ends_its_cells_hold(database, tmp_path):
    rows = [row(1, comentarios="a\nb\r\nc"), row(2, fecha="no"), row(3), row(4, fecha="tampoco")]
    load(database, tmp_path, rows)
    assert fetch(database, "SELECT linea, numero_radicado FROM data_general.rechazos_ov ORDER BY 1") == [
        (3, "00000002"),
        (5, "00000004"),
    ]


@pytest.mark.parametrize(
    ("good", "bad", "limits", "loads"),
    [
        (9, 0, Thresholds(), True),
        (40, 10, Thresholds(), True),  # 20 % exactly
        (39, 10, Thresholds(), False),
        (1, 8, Thresholds(), True),  # too few rows for a share
        (0, 10, Thresholds(), False),
        (300, 50, Thresholds(), True),
        (300, 51, Thresholds(), False),
        (10, 1, Thresholds(max_rows=0), False),
    ],
)
def test_a9_too_many_rejects_publish_nothing_but_stay_on_record(database, tmp_path, good, bad, limits, loads):
    rows = [row(n) for n in range(good)] + [row(1000 + n, fecha="no") for n in range(bad)]
    if loads:
        assert load(database, tmp_path, rows, thresholds=limits).insertadas == good
    else:
        with pytest.raises(TooManyRejectsError, match=f"{bad} of {good + bad} rows rejected") as raised:
            load(database, tmp_path, rows, thresholds=limits)
        assert raised.value.motivos == {"fecha_invalida": bad}
        for table in ("ov_afinia", "cargas_ov", "archivos_ov"):
            assert fetch(database, "SELECT count(*) FROM data_general.{t}", t=table) == [(0,)]
    assert fetch(database, "SELECT count(*) FROM data_general.rechazos_ov") == [(bad,)]


def test_b5_what_the_csv_left_out_is_on_record_and_counts_for_the_thresholds(database, tmp_path):
    load(database, tmp_path, [row(1)])
    write_rejects_csv(
        tmp_path / f"{DAY}.rechazos.csv",
        [
            Reject("afinia", "77", "sin_estado", "vacío"),
            Reject("afinia", SECRET, "radicado_no_numerico", "no"),
        ],
    )
    result = load(database, tmp_path, None)
    assert not result.ya_cargado
    assert (result.filas, result.sin_cambio, result.rechazadas, result.rechazadas_csv) == (1, 1, 0, 2)
    assert result.motivos == {"sin_estado": 1, "radicado_no_numerico": 1}
    kept = fetch(database, "SELECT archivo, numero_radicado, motivo FROM data_general.rechazos_ov ORDER BY 3")
    name = f"{DAY}.rechazos.csv"
    assert kept == [(name, None, "radicado_no_numerico"), (name, "77", "sin_estado")]
    again = load(database, tmp_path, None)
    assert again.ya_cargado and again.motivos == result.motivos and again.rechazadas_csv == 2
    rejects = (tmp_path / f"{DAY}.rechazos.csv").read_bytes()
    csv_file(tmp_path, [row(1), row(2)])
    (tmp_path / f"{DAY}.rechazos.csv").write_bytes(rejects)
    with pytest.raises(TooManyRejectsError, match="2 of 4 rows"):
        load(database, tmp_path, None, thresholds=Thresholds(max_rows=1))


def test_a_reject_is_seen_again_and_settled_by_a_newer_file(database, tmp_path):
    states = """
    SELECT numero_radicado, estado, visto_ultimo > visto_primero FROM data_general.rechazos_ov ORDER BY id
    """
    load(database, tmp_path, [row(1), row(2, fecha="no"), row(3, fecha="no")])
    with connect(database) as conn:  # so that the file isn't a proven no-op
        conn.execute("DELETE FROM data_general.ov_afinia")
    load(database, tmp_path, None)
    assert fetch(database, states) == [("00000002", "pendiente", True), ("00000003", "pendiente", True)]
    load(database, tmp_path, [row(1), row(2, at=later()), row(3, fecha="sigue mal")])
    assert [line[:2] for line in fetch(database, states)] == [
        ("00000002", "reingresado"),
        ("00000003", "reemplazado"),
        ("00000003", "pendiente"),
    ]


@pytest.fixture
def key() -> bytes:
    return Fernet.generate_key()


def test_the_raw_row_is_kept_encrypted_when_there_is_a_key(database, tmp_path, key):
    bad = row(2, fecha="no", nombres_apellidos=SECRET, comentarios="a\x00b ñ 😀")
    load(database, tmp_path, [row(1), bad], raw_row_key=key)
    [(stored,)] = fetch(database, "SELECT fila_cifrada FROM data_general.rechazos_ov")
    assert SECRET.encode() not in stored
    assert json.loads(Fernet(key).decrypt(stored)) == bad
    with connect(database) as conn:
        [reject] = pending_rejects(conn, "afinia", DAY)
        assert reject.row(key) == bad
        assert reject.row(None) is None
        with pytest.raises(WrongRowKeyError):
            replay(conn, "afinia", DAY, raw_row_key=Fernet.generate_key())


@pytest.mark.parametrize("source", ["encrypted", "file"])
def test_rejects_are_replayed_under_the_rules_in_force(database, tmp_path, key, source, monkeypatch):
    # A row that is good today, rejected by a rule that was wrong yesterday.
    wrongly = row(2, nombres_apellidos='Coma, "comillas"\ny más')
    still_bad = row(3, fecha="no")
    load(database, tmp_path, [row(1), wrongly, still_bad], raw_row_key=key if source == "encrypted" else None)
    with connect(database) as conn:
        conn.execute("DELETE FROM data_general.ov_afinia WHERE numero_radicado = '00000002'")
        conn.execute(
            "INSERT INTO data_general.rechazos_ov (empresa, fecha, archivo, archivo_hash, linea, motivo,"
            " detalle, fila_cifrada) SELECT empresa, fecha, archivo, archivo_hash, 3, 'sin_estado', '', %s"
            " FROM data_general.rechazos_ov",
            [Fernet(key).encrypt(json.dumps(wrongly).encode()) if source == "encrypted" else None],
        )
    path = tmp_path / f"{DAY}.csv" if source == "file" else None
    with connect(database) as conn:
        result = replay(conn, "afinia", DAY, path, key if source == "encrypted" else None)
        assert (result.reingresadas, result.siguen, result.sin_fila) == (1, 1, 0)
        again = replay(conn, "afinia", DAY, path, key if source == "encrypted" else None)
        assert (again.reingresadas, again.siguen, again.sin_fila) == (0, 1, 0)
    assert fetch(database, "SELECT estado FROM data_general.rechazos_ov ORDER BY linea") == [
        ("reingresado",),
        ("pendiente",),
    ]
    stored = fetch(
        database, "SELECT nombres_apellidos FROM data_general.ov_afinia WHERE numero_radicado = '00000002'"
    )
    assert stored == [('Coma, "comillas"\ny más',)]


def test_a_replay_never_goes_backwards(database, tmp_path, key):
    load(database, tmp_path, [row(1, at=later(), lectura="nueva")], raw_row_key=key)
    with connect(database) as conn:
        conn.execute(
            "INSERT INTO data_general.rechazos_ov (empresa, fecha, archivo, archivo_hash, linea, motivo,"
            " detalle, fila_cifrada) VALUES ('afinia', %s, 'a', 'h', 2, 'sin_estado', '', %s)",
            [DAY, Fernet(key).encrypt(json.dumps(row(1, at=T0, lectura="vieja")).encode())],
        )
        conn.commit()
        assert replay(conn, "afinia", DAY, raw_row_key=key).reingresadas == 1
    assert fetch(database, "SELECT lectura FROM data_general.ov_afinia") == [("nueva",)]


def test_without_the_row_a_replay_says_so(database, tmp_path):
    load(database, tmp_path, [row(1), row(2, fecha="no")])
    (tmp_path / f"{DAY}.csv").write_bytes(b"another file")
    with connect(database) as conn:
        for path in (None, tmp_path / f"{DAY}.csv", tmp_path / "gone.csv"):
            result = replay(conn, "afinia", DAY, path)
            assert (result.reingresadas, result.siguen, result.sin_fila) == (0, 0, 1)


def test_the_hash_in_sql_is_the_hash_in_python(database, tmp_path):
    claim = pqr(1, comentarios="ñ😀\n\\", lectura="", cuerpo_reclamacion="é" * 300)
    line = row_of("afinia", claim, T0.astimezone(UTC))
    assert line["hash_registro"] == hash_registro(claim)
    assert load(database, tmp_path, [line]).insertadas == 1


def test_a_row_that_was_kept_stays_kept_when_it_is_seen_without_a_key(database, tmp_path, key):
    load(database, tmp_path, [row(1), row(2, fecha="no")], raw_row_key=key)
    with connect(database) as conn:  # so that the file isn't a proven no-op
        conn.execute("DELETE FROM data_general.ov_afinia")
    load(database, tmp_path, None)
    with connect(database) as conn:
        [reject] = pending_rejects(conn, "afinia", DAY)
        assert reject.visto_ultimo > reject.visto_primero
        assert reject.row(key) is not None
