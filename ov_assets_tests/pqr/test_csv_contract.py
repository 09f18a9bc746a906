"""The CSV: same captures, same bytes; what can't stand in it is told with a reason."""

import csv
from pathlib import Path

import pytest

from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.consolidate import consolidate
from ov_assets.pqr.csv_contract import (
    COLUMNS,
    CsvContractError,
    csv_path,
    read_company_csv,
    read_rejects_csv,
    rejects_path,
    write_company_csv,
    write_rejects_csv,
)
from ov_assets_tests.pqr.examples import DAY, capture, pqr

HARD = ["007", "AB-1-K", 'dice "no"', "a,b;c", "uno\ndos", "😀", "=1+1", "NULL", "NaN", "\\N", "\\.", "' \t"]


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(tmp_path, "afinia", DAY)


def written(store: CaptureStore) -> Path:
    rows, rejects = consolidate(store)
    path = csv_path(store.data_dir, store.company, store.day)
    write_company_csv(path, rows)
    write_rejects_csv(rejects_path(store.data_dir, store.company, store.day), rejects)
    return path


def test_hard_values_come_back_as_they_were(store: CaptureStore) -> None:
    for number, value in enumerate(HARD):
        capture(store, pqr(numero_radicado=f"{number:05}", cuerpo_reclamacion=value, comentarios=value))
    rows = read_company_csv(written(store))
    assert [row["cuerpo_reclamacion"] for row in rows] == [value.strip() for value in HARD]
    assert rows[0]["nic"] == "0000123"


def test_the_same_captures_give_the_same_bytes(store: CaptureStore, tmp_path: Path) -> None:
    for radicado in ("0002", "0001"):
        capture(store, pqr(numero_radicado=radicado))
    first = written(store).read_bytes()
    other = CaptureStore(tmp_path / "other", "afinia", DAY)
    for radicado in ("0001", "0002"):
        capture(other, pqr(numero_radicado=radicado))
    assert written(other).read_bytes() == first
    assert first.startswith(b"empresa,numero_radicado,nic,fecha,")
    assert first.count(b"\r\n") == 3


def test_a_complaint_of_any_length_comes_back(store: CaptureStore) -> None:
    text = "larga, " * 30_000
    capture(store, pqr(cuerpo_reclamacion=text))
    (row,) = read_company_csv(written(store))
    assert row["cuerpo_reclamacion"] == text.strip()


def test_an_empty_day_is_a_header(store: CaptureStore) -> None:
    assert written(store).read_bytes() == ",".join(COLUMNS).encode() + b"\r\n"


def test_bad_captures_are_rejected_with_a_reason_and_the_others_go_on(store: CaptureStore) -> None:
    for radicado in ("1", "2", "3", "4", "5"):
        body = "a\x00b" if radicado == "4" else "x"
        capture(store, pqr(numero_radicado=radicado, cuerpo_reclamacion=body))
    (store.folder / "1" / "pqr.json").write_text("{}")
    (store.folder / "2" / "pqr.json").unlink()
    (store.folder / "3").rename(store.folder / "moved")
    rows, rejects = consolidate(store)
    assert [row["numero_radicado"] for row in rows] == ["5"]
    assert {(item.numero_radicado, item.motivo) for item in rejects} == {
        ("1", "captura_alterada"),
        ("2", "captura_alterada"),
        ("3", "captura_alterada"),
        ("4", "caracter_nulo"),
    }
    path = written(store)
    assert len(read_rejects_csv(path.with_name(f"{DAY}.rechazos.csv"))) == 4


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\r\n", b"\xff\xfe", ",".join(COLUMNS).encode() + b"\r\n1,2\r\n"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(CsvContractError, match=r"x\.csv"):
        read_company_csv(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CsvContractError, match="materialize company_csv first"):
        read_company_csv(tmp_path / "2025-10-13.csv")


def test_any_csv_reader_can_read_it(store: CaptureStore) -> None:
    capture(store, pqr())
    with written(store).open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 2
