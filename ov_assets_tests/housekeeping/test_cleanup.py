"""A planted tree with verified, unverified, altered, recent and busy work: exactly the right files go."""

import hashlib
import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import time_machine
from dagster._core.test_utils import create_run_for_test

from ov_assets.days import CompanyDay
from ov_assets.housekeeping import old_runs
from ov_assets.housekeeping.sweep import Freed, sweep
from ov_assets.jobs import cleanup_job
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.connection import connect
from ov_assets.settings import Settings
from ov_assets_tests.assets.flow_tools import resources

OLD = date(2025, 10, 1)
DATA = {Clase.JSON: b"{}\n", Clase.PDF: b"%PDF uno", Clase.ADJUNTO: b"foto"}
NAMES = {Clase.JSON: "pqr.json", Clase.PDF: "detalle.pdf", Clase.ADJUNTO: "foto.jpg"}
pytestmark = pytest.mark.usefixtures("flow")


class Planted:
    """A data folder whose files, rows and objects a test lays down itself."""

    def __init__(self, data_dir: Path, database: dict[str, Any], bucket: Any) -> None:
        self.data_dir, self.database, self.bucket = data_dir, database, bucket

    def pqr(
        self,
        company: str,
        radicado: str,
        day: date = OLD,
        *,
        left: tuple[Clase, ...] = (),
        lost: bool = False,
    ) -> Path:
        """One capture, in S3 but for the classes in `left`; lost: registered, but the bucket has no PDF."""
        store = CaptureStore(self.data_dir, company, day)
        with store.draft(radicado, "h", datetime(2025, 10, 2, tzinfo=UTC)) as draft:
            for clase, data in DATA.items():
                draft.add(clase, NAMES[clase], data + radicado.encode())
        for clase, data in DATA.items():
            in_s3 = clase not in left
            self.registered(
                company, day, radicado, clase, NAMES[clase], data + radicado.encode(), in_s3,
                put=in_s3 and not (lost and clase is Clase.PDF),
            )  # fmt: skip
        folder = store.folder / radicado
        for path in folder.rglob("*"):
            aged(path)
        return folder

    def csv(self, company: str, day: date, *, in_s3: bool) -> Path:
        path = self.data_dir / "csv" / company / f"{day}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{company}{day}".encode())
        rejects = path.with_suffix(".rechazos.csv")
        rejects.write_text("motivo")
        self.registered(company, day, "", Clase.CSV, path.name, path.read_bytes(), in_s3, put=in_s3)
        aged(path)
        aged(rejects)
        return path

    def registered(
        self,
        company: str,
        day: date,
        radicado: str,
        clase: Clase,
        name: str,
        data: bytes,
        in_s3: bool,
        *,
        put: bool,
    ) -> None:
        digest = hashlib.sha256(data).hexdigest()
        key = (
            f"{company}/01_raw_data/oficina_virtual/"
            f"{'adjuntos' if clase is Clase.ADJUNTO else clase}/{day:%Y/%m/%d}/{radicado}_{digest[:12]}"
        )
        etag = hashlib.md5(data).hexdigest()  # noqa: S324
        if put:
            self.bucket.client.put_object(Bucket=self.bucket.name, Key=key, Body=data)
        with psycopg.connect(**self.database) as connection:
            (file_id,) = connection.execute(
                "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo,"
                " tamano, ruta_local, fecha) VALUES (%s, %s, %s, %s, %s, %s, 'x', %s) RETURNING id",
                [company, radicado, clase, name, digest, len(data), day],
            ).fetchone()
            connection.execute(
                "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
                " numero_radicado, clase, fecha, hash_archivo, tamano_archivo, etag, estado_carga,"
                " verificado_en, archivo_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    name, self.bucket.name, key, company, radicado, clase, day, digest, len(data), etag,
                    "subido" if in_s3 else "pendiente", datetime(2025, 10, 3, tzinfo=UTC) if in_s3 else None,
                    file_id,
                ],
            )  # fmt: skip

    def file(self, name: str, *, old: bool) -> Path:
        path = self.data_dir.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12345")
        if old:
            aged(path)
            aged(path.parent)
        return path


def aged(path: Path) -> None:
    """As if nobody had touched it for 100 days."""
    then = time.time() - 100 * 86_400
    os.utime(path, (then, then))


@pytest.fixture
def planted(data_dir: Path, database: dict[str, Any], bucket: Any) -> Planted:
    return Planted(data_dir, database, bucket)


def swept(instance: dg.DagsterInstance, database: dict[str, Any], *, dry_run: bool) -> dict[str, Freed]:
    with connect(database) as connection:
        found = resources()
        freed = sweep(
            instance, connection, found["store"].open(), found["disk"].open(), Settings(), dry_run=dry_run
        )
    return {item.clase: item for item in freed}


def tree(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def start_run(instance: dg.DagsterInstance, partition: CompanyDay) -> None:
    create_run_for_test(
        instance,
        job_name="ov_chain_job",
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": str(partition)},
    )


def test_exactly_what_is_proven_to_be_in_s3_goes(
    planted: Planted,
    instance: dg.DagsterInstance,
    database: dict[str, Any],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("RAW", "CSV", "LOGS"):
        monkeypatch.setenv(f"OV_KEEP_{name}_DAYS", "30")
    whole = planted.pqr("afinia", "1001")
    planted.pqr("afinia", "1002", left=(Clase.ADJUNTO,))
    planted.pqr("afinia", "1003", lost=True)
    (planted.pqr("afinia", "1004") / "detalle.pdf").write_bytes(b"otros bytes")
    aged(data_dir / "raw/afinia/2025-10-01/1004/detalle.pdf")
    planted.pqr("aire", "1005")
    planted.pqr("afinia", "1006", datetime.now(UTC).date() - timedelta(days=2))
    planted.csv("afinia", OLD, in_s3=True)
    planted.csv("aire", OLD, in_s3=False)
    start_run(instance, CompanyDay("aire", OLD))
    for name, old in (
        ("data/raw/afinia/2025-10-01/.nuevo-9/x", True),
        ("data/raw/afinia/2025-10-01/.roto-9/x", False),
        ("data/raw/aire/2025-10-01/.nuevo-9/x", True),
        ("data/raw/aire/notas/.nuevo-9/x", True),
        ("evidence/afinia/2025-07-01/20250701-PortalDown/picture.jpg", True),
        ("evidence/afinia/2025-07-01/20250702-PortalDown/picture.jpg", False),
        ("logs/viejo.log", True),
        ("logs/dagster/nuevo.log", False),
    ):
        planted.file(name, old=old)

    before = tree(data_dir.parent)
    foreseen = swept(instance, database, dry_run=True)
    assert tree(data_dir.parent) == before

    freed = swept(instance, database, dry_run=False)
    assert freed == foreseen
    assert before - tree(data_dir.parent) == {
        "data/raw/afinia/2025-10-01/1001/detalle.pdf",
        "data/raw/afinia/2025-10-01/1001/adjuntos/foto.jpg",
        "data/csv/afinia/2025-10-01.csv",
        "evidence/afinia/2025-07-01/20250701-PortalDown/picture.jpg",
        "logs/viejo.log",
    }
    assert sorted(path.name for path in whole.iterdir()) == ["manifest.json", "pqr.json"]
    assert (freed["originales"].elementos, freed["originales"].bytes) == (2, len(b"%PDF uno1001foto1001"))
    assert freed["originales"].conservados == {
        "alterado o ilegible en disco": 2,
        "ejecución en curso": 1,
        "sin verificar en S3": 4,
    }
    assert freed["csv"].conservados == {"ejecución en curso": 1}
    assert freed["restos"].conservados == {"ejecución en curso": 1}
    assert freed["apartadas"].conservados == {"reciente": 1}
    assert all(item.elementos == 0 for item in swept(instance, database, dry_run=False).values())


@pytest.mark.parametrize("there", [True, False])
def test_a_key_outside_of_the_layout_is_proven_by_its_own_listing_or_not_at_all(
    planted: Planted,
    instance: dg.DagsterInstance,
    database: dict[str, Any],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: bool,
) -> None:
    monkeypatch.setenv("OV_KEEP_RAW_DAYS", "30")
    monkeypatch.setenv("OV_KEEP_CSV_DAYS", "30")
    folder = planted.pqr("afinia", "1001")
    planted.csv("afinia", OLD, in_s3=True)
    client, name = planted.bucket.client, planted.bucket.name
    with psycopg.connect(**database) as connection:
        keys = connection.execute(
            "UPDATE data_general.registros_ov_s3 SET clave_s3 = 'Central_De_Escritos/' || clave_s3,"
            " estado_carga = 'pre_existente' RETURNING clave_s3"
        ).fetchall()
    for (adopted,) in keys:
        old = adopted.removeprefix("Central_De_Escritos/")
        if there:
            client.put_object(
                Bucket=name, Key=adopted, Body=client.get_object(Bucket=name, Key=old)["Body"].read()
            )
        client.delete_object(Bucket=name, Key=old)
    freed = swept(instance, database, dry_run=False)
    assert (freed["originales"].elementos, freed["csv"].elementos) == ((2, 1) if there else (0, 0))
    assert (folder / "detalle.pdf").exists() is not there


def test_the_weekly_job_says_what_it_freed(
    planted: Planted, instance: dg.DagsterInstance, data_dir: Path
) -> None:
    planted.file("logs/viejo.log", old=True)
    result = cleanup_job.execute_in_process(instance=instance, resources=resources())
    (event,) = [event for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
    told = event.step_output_data.metadata
    assert told["bytes_liberados"].value == 5
    freed = {record.data["clase"]: record.data["elementos"] for record in told["liberado"].records}
    none = dict.fromkeys(("restos", "apartadas", "evidencia", "originales", "csv", "ejecuciones"), 0)
    assert freed == none | {"logs": 1}
    assert not (data_dir.parent / "logs/viejo.log").exists()


def test_by_default_raw_files_and_csvs_stay_for_ever(
    planted: Planted, instance: dg.DagsterInstance, database: dict[str, Any], data_dir: Path
) -> None:
    planted.pqr("afinia", "1001")
    planted.csv("afinia", OLD, in_s3=True)
    before = tree(data_dir)
    swept(instance, database, dry_run=False)
    assert tree(data_dir) == before


def test_a_database_that_is_down_removes_nothing(
    planted: Planted,
    instance: dg.DagsterInstance,
    database: dict[str, Any],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OV_KEEP_RAW_DAYS", "30")
    planted.pqr("afinia", "1001")
    before = tree(data_dir)
    with connect(database) as connection:
        connection.close()
        found = resources()
        with pytest.raises(Exception, match="connection"):
            sweep(
                instance, connection, found["store"].open(), found["disk"].open(), Settings(), dry_run=False
            )
    assert tree(data_dir) == before


def ended(instance: dg.DagsterInstance, partition: str, *, good: bool = True) -> str:
    @dg.asset
    def thing() -> None:
        if not good:
            raise dg.Failure("no")

    result = dg.materialize(
        [thing], instance=instance, raise_on_error=False, tags={"dagster/partition": partition}
    )
    return str(result.run_id)


def test_old_runs_go_but_the_last_success_of_each_partition(instance: dg.DagsterInstance) -> None:
    first = ended(instance, "afinia|2025-10-01")
    last = ended(instance, "afinia|2025-10-01")
    failed = ended(instance, "afinia|2025-10-01", good=False)
    other = ended(instance, "aire|2025-10-01")
    start_run(instance, CompanyDay("aire", OLD))
    assert old_runs.superseded(instance, 60) == []
    assert old_runs.superseded(instance, 0) == []
    with time_machine.travel(datetime.now(UTC) + timedelta(days=61)):
        old = old_runs.superseded(instance, 60)
    assert set(old) == {first, failed}
    old_runs.delete(instance, old)
    assert {run.run_id for run in instance.get_runs()} >= {last, other}
    assert len(instance.get_runs()) == 3


def test_a_file_that_was_written_lately_keeps_the_others_of_its_pqr(
    planted: Planted,
    instance: dg.DagsterInstance,
    database: dict[str, Any],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OV_KEEP_RAW_DAYS", "30")
    os.utime(planted.pqr("afinia", "1001") / "detalle.pdf")
    before = tree(data_dir)
    assert swept(instance, database, dry_run=False)["originales"].conservados == {"reciente": 2}
    assert tree(data_dir) == before
