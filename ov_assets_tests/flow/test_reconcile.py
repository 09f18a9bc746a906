"""Reconcile on a real bucket and database, with every finding planted; rclone is the second opinion."""

import subprocess
import sys
import uuid
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from ov_assets.flow.reconcile import run as reconcile
from ov_assets.flow.reconcile.finding import Accion, Finding
from ov_assets.flow.reconcile.run import Request, TooManyChangesError
from ov_assets.s3.inventory import list_objects
from ov_assets.s3.keys import Layout
from ov_assets.s3.objects import QUARANTINE
from ov_assets_tests.flow.world import DAY, World, sha256

NOW = timedelta(0)
RCLONE_SHOWS = set("=-+*")
PREFIX = "afinia/01_raw_data/oficina_virtual"


@pytest.fixture
def world(store, database, data_dir) -> World:
    with psycopg.connect(**database) as conn:
        yield World(conn, store, data_dir)


def look(world: World, **asked) -> dict[str, Finding]:
    return {finding.clave: finding for finding in report(world, **asked).findings}


def report(world: World, **asked) -> reconcile.Report:
    request = Request(**{"min_age": NOW, "multipart_age": NOW} | asked)
    return reconcile.reconcile(world.conn, world.bucket, world.data_dir, Layout.COMPLETA, request)


def put(world: World, key: str, data: bytes) -> str:
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=data)
    return key


def key(world: World, radicado: str, clase: str = "pdf") -> str:
    (found,) = world.conn.execute(
        "SELECT clave_s3 FROM data_general.registros_ov_s3 WHERE numero_radicado = %s AND clase = %s",
        (radicado, clase),
    ).fetchone()
    world.conn.commit()
    return found


def set_row(world: World, clave: str, assignment: str) -> None:
    world.conn.execute(
        f"UPDATE data_general.registros_ov_s3 SET {assignment} WHERE clave_s3 = %s",  # noqa: S608
        (clave,),
    )
    world.conn.commit()


def planned_key(world: World, radicado: str, data: bytes, folder: str = "pdf", ending: str = "pdf") -> str:
    return f"{PREFIX}/{folder}/{DAY:%Y/%m/%d}/{radicado}_{sha256(data)[:12]}.{ending}"


def plant_everything(world: World) -> dict[str, tuple[str, str, Accion]]:
    """One path of each kind: key → symbol, reason, action."""
    for n in range(1, 12):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"x" * n)
    world.run()
    of = {n: key(world, f"{n:08d}") for n in range(1, 12)}
    client, name = world.bucket.client, world.bucket.name
    local = {n: world.data_dir / f"raw/afinia/{DAY}/{n:08d}/detalle.pdf" for n in of}

    client.delete_object(Bucket=name, Key=of[2])
    client.delete_object(Bucket=name, Key=of[3])
    local[3].unlink()
    put(world, of[4], b"%PDF-tampered")
    local[5].unlink()
    local[6].write_bytes(b"%PDF-altered")
    set_row(world, of[7], "estado_carga = 'pendiente', etag = NULL, verificado_en = NULL")
    set_row(world, of[8], "estado_carga = 'pendiente'")
    client.delete_object(Bucket=name, Key=of[8])
    set_row(world, of[9], "estado_carga = 'subiendo', arriendo_vence = now() + interval '1 hour'")
    set_row(world, of[10], "etag = NULL")
    set_row(world, of[11], "estado_carga = 'error', proximo_intento = now() + interval '1 hour'")
    put(world, of[11], b"%PDF-foreign")

    for radicado in ("20", "21", "22", "24"):
        world.put_on_record(radicado, "pdf", "detalle.pdf", b"%PDF-new" + radicado.encode())
    new = {r: planned_key(world, r, b"%PDF-new" + r.encode()) for r in ("20", "21", "22", "24")}
    put(world, new["21"], b"%PDF-new21")
    put(world, new["22"], b"%PDF-other")
    (world.data_dir / f"raw/afinia/{DAY}/24/detalle.pdf").unlink()
    put(world, unknown := f"{PREFIX}/pdf/{DAY:%Y/%m/%d}/99_0123456789ab.pdf", b"%PDF-nobody")
    copied = put(world, f"{PREFIX}/pdf/{DAY:%Y/%m/%d}/00000001_0123456789ab.pdf", b"%PDF-x")
    other = put(world, f"{PREFIX}/pdf/{DAY:%Y/%m/%d}/00000002_0123456789ab.pdf", b"%PDF-new20")
    return {
        of[1]: ("=", "", Accion.NINGUNA),
        of[2]: ("+", "falta_s3", Accion.FALTA_S3),
        of[3]: ("!", "falta_s3", Accion.FALTA_S3),
        of[4]: ("*", "otros_bytes", Accion.CONFLICTO),
        of[5]: ("-", "solo_en_s3", Accion.NINGUNA),
        of[6]: ("*", "alterado_en_disco", Accion.NINGUNA),
        of[7]: ("=", "en_s3_sin_anotar", Accion.SUBIDO),
        of[8]: ("+", "pendiente", Accion.NINGUNA),
        of[9]: ("=", "en_curso", Accion.NINGUNA),
        of[10]: ("=", "etag_nuevo", Accion.VERIFICAR),
        of[11]: ("*", "otros_bytes", Accion.CONFLICTO),
        new["20"]: ("+", "sin_registro", Accion.PLANIFICAR),
        new["21"]: ("=", "sin_registro", Accion.ADOPTAR),
        new["22"]: ("*", "otros_bytes", Accion.CONFLICTO),
        new["24"]: ("!", "falta_local", Accion.PLANIFICAR),
        unknown: ("-", "desconocido", Accion.CUARENTENA),
        copied: ("-", "copia", Accion.ANOTAR),
        other: ("-", "otro_reclamo", Accion.CUARENTENA),
    }


def load_rows(world: World, radicados) -> None:
    with world.conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO data_general.ov_afinia (numero_radicado, fecha, estado_solicitud, hash_registro)"
            " VALUES (%s, '2025-10-13', 'Finalizado', md5(random()::text))",
            [(radicado,) for radicado in radicados],
        )
    world.conn.commit()


@pytest.fixture
def planted(world) -> dict[str, tuple[str, str, Accion]]:
    load_rows(world, [f"{n:08d}" for n in range(1, 12)] + ["20", "21", "22", "24"])
    return plant_everything(world)


def test_every_finding_has_its_symbol_reason_and_action(world, planted):
    before, rows = world.objects(), world.rows("clave_s3, estado_carga")
    found = report(world)
    said = {f.clave: (f.simbolo, f.motivo, f.accion) for f in found.findings}
    assert said == planted
    assert not found.agrees
    assert (world.objects(), world.rows("clave_s3, estado_carga")) == (before, rows), "a dry run only reads"


def test_rclone_agrees(world, planted, tmp_path):
    """Must show 6."""
    staged = tmp_path / "staged"
    links = world.conn.execute(
        "SELECT a.ruta_local, r.clave_s3, a.numero_radicado, a.hash_archivo FROM data_general.archivos_ov a"
        " LEFT JOIN data_general.registros_ov_s3 r ON r.numero_radicado = a.numero_radicado"
        " AND r.hash_archivo = a.hash_archivo WHERE a.vigente"
    ).fetchall()
    for ruta, clave, radicado, digest in links:
        target = staged / (clave or f"{PREFIX}/pdf/{DAY:%Y/%m/%d}/{radicado}_{digest[:12]}.pdf")
        if (source := world.data_dir / ruta).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(source)
    ours = {(f.simbolo, f.clave) for f in report(world).findings if f.simbolo in RCLONE_SHOWS}
    theirs = rclone_check(world, staged)
    assert ours == theirs
    assert {symbol for symbol, _ in theirs} == RCLONE_SHOWS


def rclone_check(world: World, staged: Path) -> set[tuple[str, str]]:
    settings = world.bucket.settings
    remote = (
        f":s3,provider=Other,env_auth=true,force_path_style=true,region={settings.region},"
        f"endpoint='{settings.endpoint_url}':{settings.name}"
    )
    command = [
        str(Path(sys.executable).with_name("rclone")),
        "check",
        "--combined",
        "-",
        "--download",
        str(staged),
        remote,
    ]
    # Its exit code says that there are differences, which is the point.
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return {(line[0], line[2:]) for line in done.stdout.splitlines()}


def test_apply_settles_what_can_be_settled_and_touches_no_object(world, planted):
    before = world.objects()
    done = report(world, apply=True)
    assert sum(done.changed.values()) == sum(a is not Accion.NINGUNA for _, _, a in planted.values())
    after = world.objects()
    assert {k: v for k, v in after.items() if not k.startswith(QUARANTINE)} == before
    kept = {k.removeprefix(QUARANTINE): v for k, v in after.items() if k.startswith(QUARANTINE)}
    assert kept == {k: before[k] for k, (_, _, action) in planted.items() if action is Accion.CUARENTENA}

    again = report(world, apply=True)
    assert not again.changed, "a second time there is nothing to change"
    assert not again.agrees, "conflicts and missing files wait for a person"
    states = dict(world.rows("clave_s3, estado_carga"))
    for k, (symbol, reason, action) in planted.items():
        expected = {
            Accion.CONFLICTO: "conflicto",
            Accion.CUARENTENA: "conflicto",
            Accion.ADOPTAR: "pre_existente",
            Accion.ANOTAR: "pre_existente",
            Accion.SUBIDO: "subido",
            Accion.VERIFICAR: "subido",
            Accion.FALTA_S3: "falta_s3" if symbol == "+" else "falta_local",
            Accion.PLANIFICAR: "pendiente" if symbol == "+" else "falta_local",
        }.get(action)
        assert expected in (None, states[k]), (k, reason)


def test_after_apply_and_a_run_what_was_missing_is_back(world):
    for n in range(4):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"y" * n)
    world.run()
    before = world.objects()
    for k in list(before)[:2]:
        world.bucket.client.delete_object(Bucket=world.bucket.name, Key=k)
    assert not report(world, apply=True).agrees
    world.run()
    assert world.objects() == before
    assert report(world).agrees


def test_young_objects_are_left_alone(world):
    k = put(world, f"{PREFIX}/pdf/{DAY:%Y/%m/%d}/99_0123456789ab.pdf", b"%PDF-nobody")
    found = look(world, min_age=timedelta(hours=1), apply=True)[k]
    assert (found.motivo, found.accion) == ("reciente", Accion.NINGUNA)
    assert world.rows() == []


def test_a_run_over_some_days_quarantines_nothing(world):
    k = put(world, f"{PREFIX}/pdf/{DAY:%Y/%m/%d}/99_0123456789ab.pdf", b"%PDF-nobody")
    put(world, f"{PREFIX}/pdf/2024/01/01/98_0123456789ab.pdf", b"%PDF-elsewhere")
    found = look(world, first=DAY, last=DAY, apply=True)
    assert {c: f.accion for c, f in found.items()} == {k: Accion.NINGUNA}
    assert len(world.objects()) == 2


def test_another_day_in_the_same_prefix_is_no_orphan(world):
    world.put_on_record("1", "pdf", "detalle.pdf", b"%PDF-1")
    world.run()
    set_row(world, key(world, "1"), "fecha = '2025-01-01'")
    world.conn.execute("UPDATE data_general.archivos_ov SET fecha = '2025-01-01'")
    world.conn.commit()
    assert look(world, first=DAY, last=DAY) == {}
    assert [f.motivo for f in look(world, first=date(2025, 1, 1), last=date(2025, 1, 1)).values()] == [""]


def test_incomplete_uploads_are_listed_and_aborted(world):
    client, name = world.bucket.client, world.bucket.name
    client.create_multipart_upload(Bucket=name, Key=f"{PREFIX}/pdf/big.pdf")
    assert [u.key for u in report(world).incomplete] == [f"{PREFIX}/pdf/big.pdf"]
    assert not report(world, multipart_age=timedelta(hours=24)).incomplete
    assert report(world, apply=True).changed == {"abortar": 1}
    assert report(world).agrees


def test_a_cap_stops_a_runaway(world):
    for n in range(3):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"z" * n)
    with pytest.raises(TooManyChangesError, match="3 changes"):
        report(world, apply=True, max_changes=2)
    assert world.rows() == []


def test_reports_and_foreign_prefixes_are_none_of_its_business(world):
    put(world, "afinia/03_reports/2025/10/13/verificacion.html", b"<p>")
    put(world, "somebody/else.txt", b"x")
    assert list(list_objects(world.bucket, [""]))
    assert look(world) == {}


def test_the_command_and_the_job_say_the_same(world, database, bucket, data_dir, monkeypatch):
    from click.testing import CliRunner

    from ov_assets.cli import main

    values = {
        "RDS_HOST": database["host"],
        "RDS_PORT": database["port"],
        "RDS_DATABASE": database["dbname"],
        "RDS_USERNAME": database["user"],
        "RDS_PASSWORD": database["password"],
        "RDS_SSL_MODE": database["sslmode"],
        "S3_BUCKET_NAME": bucket.name,
        "S3_ENDPOINT_URL": bucket.endpoint_url,
        "AWS_REGION": bucket.region,
        "OV_HOME": data_dir.parent,
        "OV_DATA_DIR": data_dir,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    world.put_on_record("1", "pdf", "detalle.pdf", b"%PDF-1")
    runner = CliRunner()
    command = ["s3", "reconcile", "--company", "afinia", "--min-age", "0s"]
    monkeypatch.setattr("ov_assets.cli.s3.environment", _nothing)
    dry = runner.invoke(main, command)
    assert dry.exit_code == 1
    assert dry.stdout == f"+ {planned_key(world, '1', b'%PDF-1')}\tsin_registro -> planificar\n"

    from ov_assets.definitions import defs

    job = defs.get_job_def("s3_reconcile")
    config = {"ops": {"reconcile_bucket": {"config": {"company": "afinia", "apply": True}}}}
    result = job.execute_in_process(run_config=config, run_id=str(uuid.uuid4()))
    assert result.success
    assert world.rows() == ["pendiente"]
    world.run()
    assert runner.invoke(main, command).exit_code == 0


PDF = b"%PDF-1"


@pytest.mark.parametrize(
    ("state", "in_s3", "on_disk", "said", "left"),
    [
        ("falta_s3", True, PDF, ("=", "en_s3_sin_anotar", Accion.SUBIDO), "subido"),
        ("conflicto", False, PDF, ("+", "falta_s3", Accion.FALTA_S3), "falta_s3"),
        ("subido", False, b"%PDF-altered", ("+", "falta_s3", Accion.FALTA_S3), "falta_local"),
    ],
)
def test_a_row_is_judged_by_what_bucket_and_disk_have_now(world, state, in_s3, on_disk, said, left):
    """Its ETag is still that of the bytes that were verified, whatever became of it since."""
    path = world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.run()
    set_row(world, k := key(world, "1"), f"estado_carga = '{state}'")
    path.write_bytes(on_disk)
    if not in_s3:
        world.bucket.client.delete_object(Bucket=world.bucket.name, Key=k)
    found = look(world, apply=True)[k]
    assert (found.simbolo, found.motivo, found.accion) == said
    assert world.rows() == [left]


def test_a_run_over_some_days_notes_no_copy(world):
    """What is a copy of a file of these days may be the own object of another day's."""
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.run()
    copied = put(world, f"{PREFIX}/pdf/{DAY:%Y/%m/%d}/1_0123456789ab.pdf", PDF)
    found = look(world, first=DAY, last=DAY, apply=True)[copied]
    assert (found.motivo, found.accion) == ("copia", Accion.NINGUNA)
    assert len(world.rows()) == 1


class _nothing:
    def __enter__(self):
        return ""

    def __exit__(self, *_):
        return None


def test_of_one_company_nothing_of_the_other_is_told(world):
    for company in ("afinia", "aire"):
        world.company = company
        world.put_on_record("00000001", "pdf", "detalle.pdf", f"%PDF-{company}".encode())
        world.run()
    for key in world.objects():
        world.bucket.client.delete_object(Bucket=world.bucket.name, Key=key)
    found = look(world, company="aire")
    assert [(key.split("/")[0], finding.motivo) for key, finding in found.items()] == [("aire", "falta_s3")]
