"""Files on record, and which of them are current."""

from datetime import date

from ov_assets.pqr.manifest import Clase
from ov_assets.rds.connection import connect
from ov_assets.rds.files_on_record import FileOnRecord, name_on_record, record_files
from ov_assets_tests.rds.helpers import DAY, fetch


def file(radicado: str, nombre: str, digest: str = "h", clase: Clase = Clase.ADJUNTO) -> FileOnRecord:
    return FileOnRecord(radicado, clase, nombre, digest, 10, f"raw/afinia/{DAY}/{radicado}/x")


def record(database, files, day: date = DAY, company: str = "afinia") -> int:
    with connect(database) as conn, conn.transaction():
        return record_files(conn, company, day, files)


CURRENT = """
SELECT numero_radicado, nombre, hash_archivo FROM data_general.archivos_ov WHERE vigente ORDER BY 1, 2, 3
"""


def test_the_same_bytes_in_two_claims_are_two_files(database):
    assert record(database, [file("1", "a.pdf"), file("2", "a.pdf"), file("1", "b.pdf")]) == 3
    assert fetch(database, CURRENT) == [("1", "a.pdf", "h"), ("1", "b.pdf", "h"), ("2", "a.pdf", "h")]


def test_what_a_newer_capture_has_no_more_is_kept_but_not_current(database):
    record(database, [file("1", "a.pdf"), file("1", "b.pdf"), file("2", "c.pdf")])
    record(database, [file("1", "a.pdf", "h2"), file("1", "b.pdf")])
    assert fetch(database, CURRENT) == [("1", "a.pdf", "h2"), ("1", "b.pdf", "h"), ("2", "c.pdf", "h")]
    assert fetch(database, "SELECT count(*) FROM data_general.archivos_ov") == [(4,)]
    record(database, [file("1", "a.pdf")])
    assert fetch(database, CURRENT) == [("1", "a.pdf", "h"), ("2", "c.pdf", "h")]


def test_other_days_and_companies_are_left_alone(database):
    csv = FileOnRecord("", Clase.CSV, "x.csv", "h", 1, "csv/x.csv")
    record(database, [csv, file("1", "a.pdf")])
    record(database, [FileOnRecord("", Clase.CSV, "y.csv", "h2", 1, "csv/y.csv")], day=date(2025, 10, 14))
    record(database, [file("1", "z.pdf")], company="aire")
    assert len(fetch(database, CURRENT)) == 4


def test_the_same_again_writes_nothing(database):
    files = [file("1", "a.pdf"), file("1", "a.pdf"), file("2", "b.pdf")]
    assert record(database, files) == 2
    mark = "SELECT ctid::text, xmin::text, xmax::text FROM data_general.archivos_ov ORDER BY 1"
    before = fetch(database, mark)
    assert record(database, files) == 2
    assert fetch(database, mark) == before


def test_a_name_of_any_length_and_kind_fits(database):
    names = ["é" * 5000, "é" * 4999 + "x", "tab\t\\N\n.pdf", "\\.", "a\x00b"]
    assert record(database, [file("1", name) for name in names]) == 5
    stored = {name for _, name, _ in fetch(database, CURRENT)}
    assert stored == {name_on_record(name) for name in names}
    assert max(len(name.encode()) for name in stored) <= 500
