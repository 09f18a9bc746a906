"""`ov s3 requeue`: what an upload gave up on goes again, at once and only what was asked for."""

import json
from datetime import date
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from ov_assets.cli import main
from ov_assets.rds import registry
from ov_assets.rds.connection import connect
from ov_assets.rds.registry import Failed, Planned

DAY = date(2025, 10, 13)
STATES = "SELECT clave_s3, estado_carga FROM data_general.registros_ov_s3"


@pytest.fixture
def parked(flow: None, database: dict[str, Any], bucket: Any, postgres_variables, monkeypatch) -> Any:
    """Three files that S3 refused for good, one that it may take later, one conflict, one in S3."""
    for name, value in postgres_variables.items():
        if name.startswith("DAGSTER_"):
            monkeypatch.setenv(name, value)
    ends = {
        "k1": Failed(0, "s3: 400 KMS.DisabledException", permanente=True),
        "k2": Failed(0, "s3: 400 EntityTooLarge", permanente=True),
        "k3": Failed(0, "s3: 400 KMS.DisabledException", permanente=True),
        "k4": Failed(0, "s3: 503 SlowDown"),
        "k5": Failed(0, "otros_bytes etag=x"),
    }
    with connect(database) as conn:
        for key, failed in ends.items():
            day = date(2025, 10, 14) if key == "k3" else DAY
            (file,) = conn.execute(
                "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo,"
                " tamano, ruta_local, fecha) VALUES ('afinia', %s, 'pdf', 'a.pdf', 'h', 1, 'raw/x', %s)"
                " RETURNING id",
                (key, day),
            ).fetchone()
            conn.commit()
            registry.plan(conn, bucket.name, [Planned(file, key)])
            [row] = registry.claim(conn, "afinia", day, bucket.name, "me")
            mark = registry.mark_conflict if key == "k5" else registry.mark_error
            mark(conn, "me", [Failed(row.id, failed.detalle, failed.permanente)])
    return database


def ov(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["s3", "requeue", *arguments])
    assert result.exit_code == 0, result.output
    return result


def states(database: dict[str, Any]) -> dict[str, str]:
    with psycopg.connect(**database) as conn:
        return dict(conn.execute(STATES).fetchall())


def test_files_parked_for_a_day_are_claimed_at_once(parked, bucket):
    with connect(parked) as conn:
        assert registry.claim(conn, "afinia", DAY, bucket.name, "me") == []
    told = json.loads(ov("--json").stdout)
    assert told["requeued"] == 4
    assert {file["key"]: file["reason"] for file in told["files"]}["k1"] == "s3: 400 KMS.DisabledException"
    assert states(parked) == {"k5": "conflicto"} | dict.fromkeys(("k1", "k2", "k3", "k4"), "pendiente")
    with connect(parked) as conn:
        assert len(registry.claim(conn, "afinia", DAY, bucket.name, "me")) == 3


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (("--reason", "s3: 400 KMS."), {"k1", "k3"}),
        (("--reason", "permanente: s3: 400"), {"k1", "k2", "k3"}),
        (("--reason", "s3: 400 KMS.", "--to", "2025-10-13"), {"k1"}),
        (
            (
                "--from",
                "2025-10-14",
            ),
            {"k3"},
        ),
        (("--company", "aire"), set()),
        (("--state", "conflicto"), {"k5"}),
        (("--state", "falta_local"), set()),
        (("--dry-run",), set()),
    ],
)
def test_only_what_was_asked_for(parked, asked, sent):
    before = states(parked)
    ov(*asked)
    assert states(parked) == before | dict.fromkeys(sent, "pendiente")


def test_a_file_is_asked_for_by_its_own_day_after_its_fecha_moved(parked):
    with psycopg.connect(**parked) as conn:
        conn.execute("UPDATE data_general.archivos_ov SET fecha = '2025-10-20' WHERE numero_radicado = 'k1'")
    ov("--from", "2025-10-20")
    assert {key for key, state in states(parked).items() if state == "pendiente"} == {"k1"}


def test_a_dry_run_names_them(parked):
    assert {line.split("\t")[0] for line in ov("--dry-run").stdout.splitlines()} == {"k1", "k2", "k3", "k4"}


def test_a_conflict_without_a_file_stays(parked, bucket):
    with psycopg.connect(**parked) as conn:
        conn.execute(
            "INSERT INTO data_general.registros_ov_s3 (empresa, bucket_s3, clave_s3, nombre_archivo, clase,"
            " estado_carga) VALUES ('afinia', %(bucket)s, 'ajeno', 'ajeno', NULL, 'conflicto'),"
            # A second row of a file, which another one speaks for.
            " ('afinia', %(bucket)s, 'copia', 'a.pdf', 'pdf', 'conflicto')",
            {"bucket": bucket.name},
        )
    ov("--state", "conflicto")
    assert (states(parked)["ajeno"], states(parked)["copia"]) == ("conflicto", "conflicto")
