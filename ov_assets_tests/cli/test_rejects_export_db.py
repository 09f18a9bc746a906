"""`ov rejects`, `ov export` and `ov db`, on the real parts."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet

from ov_assets.cli import main
from ov_assets.pqr import export
from ov_assets.pqr.csv_contract import COLUMNS, csv_path, rejects_path, write_company_csv, write_rejects_csv
from ov_assets.rds.connection import connect
from ov_assets.rds.loader import load_partition
from ov_assets_tests.rds.helpers import DAY, fetch, row

SECRET = "Planted Person 4217"
WHERE = ("--company", "afinia", "--date", str(DAY))


@pytest.fixture
def named(monkeypatch, database, postgres_variables, data_dir) -> dict[str, Any]:
    """Every part named, so that no sandbox is started; what isn't needed here leads nowhere."""
    conninfo = {
        "RDS_HOST": database["host"],
        "RDS_PORT": database["port"],
        "RDS_DATABASE": database["dbname"],
        "RDS_USERNAME": database["user"],
        "RDS_PASSWORD": database["password"],
        "RDS_SSL_MODE": database["sslmode"],
    }
    nowhere = {"S3_BUCKET_NAME": "none", "OV_HOME": data_dir.parent, "OV_DATA_DIR": data_dir}
    portals = {
        f"OV_{slug}_{name}": "http://127.0.0.1:1"
        for slug in ("AFINIA", "AIRE")
        for name in ("URL", "USERNAME")
    } | {f"OV_{slug}_PASSWORD": "x" for slug in ("AFINIA", "AIRE")}
    dagster = {name: value for name, value in postgres_variables.items() if name.startswith("DAGSTER_")}
    for name, value in (conninfo | nowhere | portals | dagster).items():
        monkeypatch.setenv(name, str(value))
    return database


def ov(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result


def loaded(database: dict[str, Any], data_dir: Path, rows: list[dict[str, str]], key: str | None) -> Path:
    path = csv_path(data_dir, "afinia", DAY)
    write_company_csv(path, rows)
    write_rejects_csv(rejects_path(data_dir, "afinia", DAY), [])
    with connect(database) as conn:
        load_partition(conn, "afinia", DAY, path, None, [], "prueba", raw_row_key=key)
    return path


def test_rejects_are_listed_shown_and_replayed(named, data_dir, monkeypatch):
    key = Fernet.generate_key().decode()
    spoiled = row(1, nombres_apellidos=SECRET) | {"lectura": "editada"}
    path = loaded(named, data_dir, [spoiled, row(2, fecha="ayer"), row(3)], key)
    counted = json.loads(ov("rejects", "list", "--json").stdout)
    assert [(line["reason"], line["rows"], line["with_raw_row"]) for line in counted] == [
        ("fecha_invalida", 1, 1),
        ("hash_no_coincide", 1, 1),
    ]
    assert ov("rejects", "list", "--company", "aire").stdout == "no rejects wait\n"

    shown = ov("rejects", "show", *WHERE)
    assert path.name in shown.stdout
    assert SECRET not in shown.stdout
    ov("rejects", "show", *WHERE, "--raw", code=2)
    monkeypatch.setenv("OV_ROW_KEY", key)
    raw = [json.loads(line) for line in ov("rejects", "show", *WHERE, "--raw").stdout.splitlines()]
    assert [line["row"]["nombres_apellidos"] == SECRET for line in raw].count(True) == 1

    # The rule that refused the first row is no longer in force; the row comes from its encrypted copy.
    path.unlink()
    with psycopg.connect(**named) as conn:
        conn.execute(
            "CREATE OR REPLACE FUNCTION data_general.fecha_ov(texto text) RETURNS timestamp LANGUAGE sql"
            " IMMUTABLE AS $$ SELECT timestamp '2025-10-12 00:00' $$"
        )
    [done] = json.loads(ov("rejects", "replay", "--json").stdout)
    assert (done["entered"], done["rejected_again"], done["without_row"]) == (1, 1, 0)
    stored = fetch(named, "SELECT numero_radicado FROM data_general.ov_afinia ORDER BY 1")
    assert stored == [("00000002",), ("00000003",)]


def test_a_wrong_key_is_said_without_showing_it(named, data_dir, monkeypatch):
    monkeypatch.setenv("OV_ROW_KEY", "not-a-key-4217")
    refused = ov("rejects", "list", code=2)
    assert "OV_ROW_KEY" in refused.output
    assert "4217" not in refused.output
    monkeypatch.delenv("OV_ROW_KEY")
    loaded(named, data_dir, [row(1, fecha="ayer"), row(2)], Fernet.generate_key().decode())
    monkeypatch.setenv("OV_ROW_KEY", Fernet.generate_key().decode())
    assert "not encrypted with the key given" in ov("rejects", "replay", code=1).output


HARD = [
    "=1+1",
    "+57 300",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "normal",
    "a=b",
    "",
    "x" * 40_000,
    "Ñandú 😀",
    "1e5",
]


def test_a_copy_for_people_cannot_act_and_the_csv_stays_as_it_is(data_dir, monkeypatch, tmp_path):
    monkeypatch.setenv("OV_DATA_DIR", str(data_dir))
    path = csv_path(data_dir, "afinia", DAY)
    write_company_csv(path, [row(n) | {"comentarios": text} for n, text in enumerate(HARD)])
    before = path.read_bytes()
    out = tmp_path / "copia.csv"
    ov("export", *WHERE, "--out", str(out))
    assert path.read_bytes() == before
    with out.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["comentarios"] for line in lines] == [
        f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and text else text for text in HARD
    ]
    assert [line["numero_radicado"] for line in lines] == [f"{n:08d}" for n in range(len(HARD))]


def test_a_sheet_holds_text_alone(data_dir, monkeypatch, tmp_path):
    monkeypatch.setenv("OV_DATA_DIR", str(data_dir))
    rows = [row(n) | {"comentarios": text} for n, text in enumerate(HARD)]
    write_company_csv(csv_path(data_dir, "afinia", DAY), rows)
    out = tmp_path / "copia.xlsx"
    ov("export", *WHERE, "--xlsx", "--out", str(out))
    with zipfile.ZipFile(io.BytesIO(out.read_bytes())) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert set(re.findall(r'<c r="[A-Z]+\d+"(?: s="\d+")? t="(\w+)"', sheet)) == {"s"}
    for text in ("'=1+1", "'@SUM(A1)", ">00000003<", "Ñandú 😀", export.CUT_MARK, *COLUMNS):
        assert text in texts
    again = tmp_path / "otra.xlsx"
    ov("export", *WHERE, "--xlsx", "--out", str(again))
    assert again.read_bytes() == out.read_bytes()


def test_an_export_says_what_is_missing_and_stays_out_of_the_flows_files(data_dir, monkeypatch):
    monkeypatch.setenv("OV_DATA_DIR", str(data_dir))
    assert "materialize company_csv first" in ov("export", *WHERE, "--out", "x.csv", code=1).output
    ov("export", *WHERE, "--out", str(csv_path(data_dir, "afinia", DAY)), code=2)


def test_the_schema_is_upgraded_and_checked(named):
    revision = ov("db", "current").stdout.strip()
    assert ov("db", "upgrade").stdout == f"at {revision} already\n"
    ov("db", "check")
    with psycopg.connect(**named) as conn:
        conn.execute("ALTER TABLE data_general.ov_aire DROP COLUMN otros_campos")
    assert ov("db", "check", code=1).stdout == "table ov_aire lacks the column otros_campos\n"


def test_a_database_that_is_down_is_one_line(named, monkeypatch):
    monkeypatch.setenv("RDS_PORT", "1")
    failed = ov("db", "current", code=1)
    assert "can't connect to" in failed.output
    assert "Traceback" not in failed.output
