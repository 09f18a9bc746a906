"""files × registry × bucket on the real parts: every state one by one, and what applying does."""

import time
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest

from ov_assets.rds import adoption, diff, layout, registry
from ov_assets.rds.connection import connect
from ov_assets.rds.registry import Estado, Failed
from ov_assets.s3.inventory import list_objects
from ov_assets_tests.flow.world import DAY, World, open_bucket, sha256

PDF = b"%PDF-1.7 uno"


@pytest.fixture
def world(database, bucket, data_dir) -> Iterator[World]:
    with connect(database) as conn:
        yield World(conn, open_bucket(bucket.name, bucket.endpoint_url, bucket.region), data_dir)


def only(found: diff.PartitionDiff) -> tuple[str, str]:
    (file,) = found.pending
    assert found.counts == dict.fromkeys(Estado, 0) | {file.estado: 1}
    return file.estado.value, file.motivo


def uploaded(world: World) -> str:
    """One file that is in S3; its key."""
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    assert world.run() == {"subido": 1}
    assert world.look().complete
    return world.rows("clave_s3")[0]


def set_state(world: World, state: str, **more: str) -> None:
    extra = "".join(f", {name} = now() + interval '{value}'" for name, value in more.items())
    world.conn.execute(f"UPDATE data_general.registros_ov_s3 SET estado_carga = '{state}'{extra}")  # noqa: S608
    world.conn.commit()


def test_nothing_on_record(world):
    found = world.look()
    assert (found.files, found.complete, found.huerfanos) == (0, True, 0)


def test_no_row(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    assert only(world.look()) == ("pendiente", "sin_registro")


def test_c9_registered_but_not_in_the_bucket(world):
    world.bucket.client.delete_object(Bucket=world.bucket.name, Key=uploaded(world))
    assert only(world.look()) == ("falta_s3", "no_esta_en_s3")
    assert world.plan().missing_in_s3 == 1
    assert world.rows() == ["falta_s3"]
    assert only(world.look()) == ("falta_s3", "no_esta_en_s3")
    assert world.run() == {"subido": 1}
    assert world.rows("estado_carga, intentos_carga") == [("subido", 2)]


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        (b"short", "otro_tamano"),
        (PDF + b" longer", "otro_tamano"),
        (PDF.replace(b"uno", b"dos"), "otro_etag"),
    ],
)
def test_c9_altered_behind_our_back(world, there, reason):
    key = uploaded(world)
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=there)
    assert only(world.look()) == ("conflicto", reason)
    assert world.plan().altered_in_s3 == 1
    assert world.rows("estado_carga, ultimo_error") == [("conflicto", reason)]
    assert only(world.look()) == ("conflicto", "otros_bytes")
    assert world.run() == {}
    assert world.objects() == {key: there}
    # A person moves it away: then ours may go there.
    world.bucket.client.delete_object(Bucket=world.bucket.name, Key=key)
    assert world.run() == {"subido": 1}
    assert world.objects() == {key: PDF}


@pytest.mark.parametrize(
    ("state", "more", "reason"),
    [
        ("pendiente", {}, "planificado"),
        ("falta_s3", {}, "no_esta_en_s3"),
        ("subiendo", {"arriendo_vence": "1 hour"}, "en_curso"),
        ("subiendo", {"arriendo_vence": "-1 hour"}, "arriendo_vencido"),
        ("error", {"proximo_intento": "1 hour"}, "reintento_en_espera"),
        ("error", {"proximo_intento": "-1 hour"}, "reintento_vencido"),
        ("conflicto", {}, "otros_bytes"),
    ],
)
def test_rows_on_the_way_are_as_they_are(world, state, more, reason):
    uploaded(world)
    set_state(world, state, **more)
    assert only(world.look()) == (state, reason)
    world.plan()
    assert world.rows() == [state]


@pytest.mark.parametrize("state", ["subido", "pre_existente"])
def test_c4_settled_states_are_not_pending(world, state):
    uploaded(world)
    set_state(world, state)
    found = world.look()
    assert found.complete and found.counts[Estado(state)] == 1


def test_missing_on_disk_is_looked_for_only_where_it_matters(world):
    uploaded(world)
    path = world.put_on_record("2", "pdf", "detalle.pdf", PDF)
    world.put_on_record("3", "pdf", "detalle.pdf", PDF, write=False)
    path.write_bytes(b"other size")
    (world.data_dir / "raw/afinia/2025-10-13/1/detalle.pdf").unlink()
    found = world.look()
    assert found.counts[Estado.SUBIDO] == 1
    assert {(file.numero_radicado, file.motivo) for file in found.pending} == {
        ("2", "no_esta_en_disco"),
        ("3", "no_esta_en_disco"),
    }
    assert found.counts[Estado.FALTA_LOCAL] == 2
    assert world.plan().planned == 2
    assert sorted(world.rows()) == ["falta_local", "falta_local", "subido"]
    # Captured again: back to work.
    path.write_bytes(PDF)
    assert world.plan().requeued == 1
    assert world.run() == {"subido": 1}
    assert sorted(world.rows()) == ["falta_local", "subido", "subido"]


def test_planned_and_then_gone_from_disk(world):
    path = world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.plan()
    path.unlink()
    assert world.plan().missing_local == 1
    assert world.rows() == ["falta_local"]


def test_gone_from_s3_and_from_disk(world):
    world.bucket.client.delete_object(Bucket=world.bucket.name, Key=uploaded(world))
    (world.data_dir / "raw/afinia/2025-10-13/1/detalle.pdf").unlink()
    assert only(world.look()) == ("falta_local", "no_esta_en_disco")
    applied = world.plan()
    assert (applied.missing_in_s3, applied.missing_local) == (1, 1)
    assert world.rows() == ["falta_local"]


def test_objects_that_no_row_knows_are_counted(world):
    uploaded(world)
    for name in ("b", "a"):
        world.bucket.client.put_object(Bucket=world.bucket.name, Key=world.prefixes[0] + name, Body=b"x")
    world.bucket.client.put_object(Bucket=world.bucket.name, Key="elsewhere/c", Body=b"x")
    found = world.look()
    assert (found.huerfanos, found.huerfano, found.complete) == (2, world.prefixes[0] + "a", True)


def test_dry_run_writes_nothing(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    counts = "SELECT n_tup_ins, n_tup_upd FROM pg_stat_xact_user_tables WHERE schemaname = 'data_general'"
    with world.conn.transaction():
        before = world.conn.execute(counts).fetchall()
        world.look()
        assert world.conn.execute(counts).fetchall() == before
    assert world.rows() == []
    assert world.objects() == {}


def adopted(world: World, key: str, body: bytes | None) -> None:
    """One file whose row names a key that no layout of ours gives; body: what stands there."""
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    (file,) = world.conn.execute("SELECT id FROM data_general.archivos_ov").fetchone()
    etag = None
    if body is not None:
        put = world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=body)
        etag = put["ETag"].strip('"')
    registry.adopt(world.conn, world.bucket.name, [registry.Found(file, key, etag)])
    world.conn.commit()


@pytest.mark.parametrize("key", ["Central_De_Escritos/x.pdf", "a//b.pdf"])
def test_a_key_of_another_layout_is_looked_for_at_its_own_place(world, key):
    adopted(world, key, PDF)
    found = world.look()
    assert found.complete and found.counts[Estado.PRE_EXISTENTE] == 1
    assert world.run() == {}


def test_an_adopted_file_whose_object_is_gone_is_not_settled(world):
    adopted(world, "Central_De_Escritos/x.pdf", None)
    assert only(world.look()) == ("falta_s3", "no_esta_en_s3")
    assert world.run() == {"subido": 1}
    assert world.objects() == {"Central_De_Escritos/x.pdf": PDF}


def test_only_what_this_listing_shows_is_proven(world):
    adopted(world, "Central_De_Escritos/x.pdf", PDF)
    world.put_on_record("2", "pdf", "detalle.pdf", PDF)
    world.run()
    both = {diff.ProvenFile(number, "pdf", "detalle.pdf", sha256(PDF)) for number in "12"}
    assert world.look(prove=True).proven == both
    world.conn.execute("UPDATE data_general.registros_ov_s3 SET etag = NULL WHERE numero_radicado = '2'")
    world.conn.commit()
    world.bucket.client.delete_object(Bucket=world.bucket.name, Key="Central_De_Escritos/x.pdf")
    assert world.look(prove=True).proven == set()


def test_a_file_is_registered_once_in_a_bucket(world):
    uploaded(world)
    (file,) = world.conn.execute("SELECT id FROM data_general.archivos_ov").fetchone()
    bucket = world.bucket.name
    assert registry.plan(world.conn, bucket, [registry.Planned(file, "another")]) == 0
    assert registry.adopt(world.conn, bucket, [registry.Found(file, "a third", "e")]) == 0
    with pytest.raises(psycopg.errors.UniqueViolation):
        world.conn.execute(
            "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
            " estado_carga, archivo_id) VALUES ('x', %s, 'a fourth', 'afinia', 'pendiente', %s)",
            (bucket, file),
        )
    world.conn.rollback()


def test_what_a_change_of_layout_left_behind_is_no_orphan(world):
    """Back and forth: the old key lies below the prefixes that are listed."""
    key = uploaded(world)
    moved = key.replace("/pdf/2025/10/13/", "/")
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=moved, Body=PDF)
    etag = world.rows("etag")[0]
    (id_,) = world.rows("id")
    assert layout.switch(world.conn, [layout.Switch(id_, key, moved, etag)]) == 1
    found = world.look()
    assert (found.huerfanos, found.huerfano, found.complete) == (0, None, True)


def test_a_row_that_has_moved_meanwhile_is_not_switched(world):
    key = uploaded(world)
    (id_,) = world.rows("id")
    assert layout.switch(world.conn, [layout.Switch(id_, f"{key}.before", "elsewhere", "e")]) == 0
    assert world.rows("clave_s3") == [key]


def test_a_row_of_other_bytes_is_not_given_a_file(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    (file,) = world.conn.execute("SELECT id FROM data_general.archivos_ov").fetchone()
    (id_,) = world.conn.execute(
        "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
        " estado_carga, hash_archivo) VALUES ('x', %s, 'k', 'afinia', 'subido', 'other') RETURNING id",
        (world.bucket.name,),
    ).fetchone()
    world.conn.commit()
    assert adoption.link(world.conn, world.bucket.name, [adoption.Link(id_, file, "e")]) == 0
    assert world.rows("archivo_id") == [None]


def test_a_slow_listing_outlives_the_role_s_statement_timeout(world):
    uploaded(world)

    def slow(elsewhere):
        for item in list_objects(world.bucket, world.prefixes):
            time.sleep(0.5)
            yield item

    world.conn.execute("SET statement_timeout = '200ms'")
    world.conn.commit()
    found = diff.diff_partition(
        world.conn,
        world.company,
        DAY,
        world.bucket.name,
        slow,
        prefixes=world.prefixes,
        data_dir=world.data_dir,
    )
    assert found.complete
    assert world.conn.execute("SHOW statement_timeout").fetchone() == ("200ms",)


def test_an_upload_during_the_listing_is_not_a_missing_object(world, database):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.plan()
    (claimed,) = world.claim("other")

    def listing_that_is_already_too_old():
        with connect(database) as other:
            registry.mark_uploaded(other, "other", [registry.Uploaded(claimed.id, "e", "t")])
        yield from ()

    found = diff.diff_partition(
        world.conn,
        world.company,
        DAY,
        world.bucket.name,
        lambda elsewhere: listing_that_is_already_too_old(),
        prefixes=world.prefixes,
        data_dir=world.data_dir,
    )
    assert found.complete and found.counts[Estado.SUBIDO] == 1


def test_c3_a_failed_listing_is_raised_and_leaves_the_connection_usable(world):
    class DownError(Exception):
        pass

    def down():
        raise DownError
        yield

    for _ in range(2):
        with pytest.raises(DownError):
            diff.diff_partition(
                world.conn,
                world.company,
                DAY,
                world.bucket.name,
                lambda elsewhere: down(),
                prefixes=world.prefixes,
                data_dir=world.data_dir,
            )
    assert world.look().files == 0


def test_c1_c2_d3_every_file_of_a_pqr_counts_by_itself(world):
    for name, clase in (
        ("pqr.json", "json"),
        ("detalle.pdf", "pdf"),
        ("a.jpg", "adjunto"),
        ("b.jpg", "adjunto"),
    ):
        world.put_on_record("1", clase, name, name.encode())
    key = next(iter(world.look().pending))
    assert len(world.look().pending) == 4
    world.plan()
    set_one = (
        "UPDATE data_general.registros_ov_s3 SET estado_carga = 'pre_existente' WHERE nombre_archivo = %s"
    )
    world.conn.execute(set_one, (key.nombre,))
    world.conn.commit()
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=world.key_of(key), Body=key.nombre.encode())
    assert len(world.look().pending) == 3


def test_d6_same_bytes_under_two_pqr_are_two_objects(world):
    for radicado in ("1", "2"):
        world.put_on_record(radicado, "adjunto", "a.pdf", PDF)
    assert world.run() == {"subido": 2}
    assert list(world.objects().values()) == [PDF, PDF]
    assert world.rows() == ["subido", "subido"]


def test_same_bytes_twice_under_one_pqr_are_numbered(world):
    for name in ("b.pdf", "a.pdf", "c.PDF", "a.jpg"):
        world.put_on_record("1", "adjunto", name, PDF)
    assert world.run() == {"subido": 4}
    stem = f"{world.prefixes[0]}1_{sha256(PDF)[:12]}"
    assert world.rows("clave_s3, nombre_archivo") == [
        (f"{stem}.jpg", "a.jpg"),
        (f"{stem}.pdf", "a.pdf"),
        (f"{stem}_2.pdf", "b.pdf"),
        (f"{stem}_3.pdf", "c.PDF"),
    ]
    # A name that sorts before them comes later: nothing that has a key moves.
    world.put_on_record("1", "adjunto", "0.pdf", PDF)
    assert world.run() == {"subido": 1}
    assert (f"{stem}_4.pdf", "0.pdf") in world.rows("clave_s3, nombre_archivo")
    assert len(world.objects()) == 5


def test_lost_registry_finds_its_objects_again(world):
    uploaded(world)
    world.put_on_record("1", "adjunto", "a.pdf", PDF)
    world.run()
    world.conn.execute("DELETE FROM data_general.registros_ov_s3")
    world.conn.commit()
    before = world.objects()
    assert world.run() == {"ya_estaba": 2}
    assert world.objects() == before
    assert world.rows("estado_carga, origen_carga") == [("subido", "pre_existente")] * 2


def test_other_partitions_are_not_touched(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.put_on_record("2", "pdf", "detalle.pdf", PDF, day=DAY + timedelta(days=1))
    assert world.run() == {"subido": 1}
    assert world.rows("numero_radicado") == ["1"]


def pending(world: World, **more) -> list[tuple[str, date, int]]:
    found = diff.pending_partitions(world.conn, world.bucket.name, **more)
    return [(row.empresa, row.fecha, row.archivos) for row in found]


def test_pending_partitions_ask_the_data(world):
    tomorrow = DAY + timedelta(days=1)
    assert pending(world) == []
    world.put_on_record("2", "pdf", "detalle.pdf", PDF, day=tomorrow)
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.put_on_record("1", "json", "pqr.json", b"{}")
    assert pending(world) == [("afinia", DAY, 2), ("afinia", tomorrow, 1)]
    assert pending(world, limit=1) == [("afinia", DAY, 2)]
    world.plan()
    assert pending(world) == [("afinia", DAY, 2), ("afinia", tomorrow, 1)]
    world.claim("me")
    assert pending(world) == [("afinia", tomorrow, 1)]
    set_state(world, "subiendo", arriendo_vence="-1 second")
    assert pending(world)[0] == ("afinia", DAY, 2)
    world.claim("me")
    ids = world.rows("id")
    registry.mark_error(world.conn, "me", [Failed(id_, "x") for id_ in ids])
    assert pending(world) == [("afinia", tomorrow, 1)]
    set_state(world, "error", proximo_intento="-1 second")
    assert pending(world)[0] == ("afinia", DAY, 2)
    assert world.run() == {"subido": 2}
    assert pending(world) == [("afinia", tomorrow, 1)]


@pytest.mark.parametrize("state", ["conflicto", "falta_local", "subido", "pre_existente"])
def test_partitions_that_an_upload_could_not_help_are_not_pending(world, state):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.plan()
    set_state(world, state)
    assert pending(world) == []


def test_a_note_at_the_key_of_a_file_does_not_keep_it_out(world):
    """Somebody else's object, as `ov s3 reconcile --apply` leaves one that is nobody's."""
    key = uploaded(world)
    world.conn.execute("DELETE FROM data_general.registros_ov_s3")
    world.conn.commit()
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=b"otra cosa")
    note = adoption.Note("afinia", key, sha256(b"otra cosa"), 9, "e", "desconocido", "_cuarentena/x")
    assert adoption.note(world.conn, world.bucket.name, [note]) == 1
    assert world.run() == {"subido": 1}
    assert world.look().complete
    assert world.objects() == {key: b"otra cosa", key.replace(".pdf", "_2.pdf"): PDF}
