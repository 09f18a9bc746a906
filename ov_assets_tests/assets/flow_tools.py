"""Running the assets as Dagster does, and looking at what they leave from outside."""

import hashlib
from datetime import date
from typing import Any

import dagster as dg
import psycopg

from ov_assets.checks.partition import CHECKS
from ov_assets.days import CompanyDay
from ov_assets.jobs import CHAIN
from ov_assets.partitions import partition_key
from ov_assets.pqr.record import FIELDS, normalise

# A day on which the simulated portals have nothing of their own: a test adds what it needs.
EMPTY_DAY = "2025-12-25"


def resources() -> dict[str, Any]:
    """The resources as shipped, built in the test's own environment."""
    from ov_assets.resources import Database, Disk, ObjectStore, Portals

    return {"portals": Portals(), "database": Database(), "store": ObjectStore(), "disk": Disk()}


def materialize(
    partition: CompanyDay,
    *names: str,
    instance: dg.DagsterInstance | None = None,
    tags: dict[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    """Materialize the named assets (all without a name) of one partition, with their checks."""
    selection = dg.AssetSelection.assets(*names) if names else dg.AssetSelection.all()
    return dg.materialize(
        [*CHAIN, *CHECKS],
        selection=selection,
        partition_key=partition_key(partition),
        resources=resources(),
        instance=instance,
        tags=tags,
        raise_on_error=False,
    )


def add_pqr(portal: Any, company: str, *, day: str = EMPTY_DAY, attachments: int = 1, **campos: str) -> str:
    """A finalised PQR in a simulated portal; returns its radicado."""
    answer = portal.control(company).post(
        "pqrs", json={"date": day, "campos": campos, "attachments": attachments}
    )
    answer.raise_for_status()
    return str(answer.json()["numero_radicado"])


def truth(portal: Any, company: str, day: str) -> dict[str, dict[str, Any]]:
    """What the portal holds, by radicado."""
    answer = portal.control(company).get("truth", params={"date": day, "estado": "Finalizado"})
    answer.raise_for_status()
    return {pqr["numero_radicado"]: pqr for pqr in answer.json()}


def table_rows(database: dict[str, Any], company: str) -> dict[str, dict[str, Any]]:
    """The company's table, by radicado, with `fecha` as the portal writes it and NULL as ''."""
    columns = ", ".join(
        "to_char(fecha, 'YYYY/MM/DD HH24:MI') AS fecha" if name == "fecha" else name for name in FIELDS
    )
    with psycopg.connect(**database, row_factory=psycopg.rows.dict_row) as connection:
        rows = connection.execute(f"SELECT {columns} FROM data_general.ov_{company}").fetchall()  # noqa: S608
    return {row["numero_radicado"]: {key: value or "" for key, value in row.items()} for row in rows}


def assert_equals_truth(portal: Any, database: dict[str, Any], bucket: Any, partition: CompanyDay) -> int:
    """That one day arrived, and nothing else of that day; returns the number of objects."""
    expected = truth(portal, partition.company, partition.day.isoformat())
    return assert_arrived(expected, database, bucket, partition.company, partition.day)


def assert_arrived(
    expected: dict[str, dict[str, Any]],
    database: dict[str, Any],
    bucket: Any,
    company: str,
    day: date | None = None,
) -> int:
    """Rows field by field, objects by SHA-256, one registry row an object; returns the number of objects.

    day: look at the objects of that day only, as where a daemon brings in others at the same time.
    """
    rows = table_rows(database, company)
    assert {
        radicado: {name: normalise(pqr["campos"][name]) for name in FIELDS}
        for radicado, pqr in expected.items()
    } == {radicado: row for radicado, row in rows.items() if radicado in expected}

    listed = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=f"{company}/01_raw_data/")
    objects = {
        item["Key"]: hashlib.sha256(
            bucket.client.get_object(Bucket=bucket.name, Key=item["Key"])["Body"].read()
        ).hexdigest()
        for item in listed.get("Contents", ())
        if day is None or f"/{day:%Y/%m/%d}/" in item["Key"]
    }
    with psycopg.connect(**database) as connection:
        registered = connection.execute(
            "SELECT clave_s3, hash_archivo, estado_carga, numero_radicado, clase"
            " FROM data_general.registros_ov_s3 WHERE empresa = %s AND fecha = coalesce(%s, fecha)",
            [company, day],
        ).fetchall()
    assert {key: digest for key, digest, *_ in registered} == objects
    assert len(registered) == len(objects)
    assert {state for _, _, state, *_ in registered} == {"subido"}
    attachments = sorted(
        (radicado, digest) for _, digest, _, radicado, clase in registered if clase == "adjunto"
    )
    assert attachments == sorted(
        (radicado, file["sha256"]) for radicado, pqr in expected.items() for file in pqr["adjuntos"]
    )
    whole = sorted((radicado, clase) for _, _, _, radicado, clase in registered if clase in ("json", "pdf"))
    assert whole == sorted((radicado, clase) for radicado in expected for clase in ("json", "pdf"))
    return len(objects)
