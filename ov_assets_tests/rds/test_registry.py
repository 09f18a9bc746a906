"""The registry's edges, each from every state, on a real database."""

import concurrent.futures
from datetime import date

import psycopg
import pytest

from ov_assets.rds import adoption, reconcile, registry
from ov_assets.rds.adoption import Link
from ov_assets.rds.connection import connect
from ov_assets.rds.registry import Estado, Failed, Found, Planned, Uploaded

BUCKET, DAY = "cubo", date(2025, 10, 13)
ALL = set(Estado)


@pytest.fixture
def conn(database):
    with connect(database) as opened:
        yield opened


def add_file(conn, radicado="1", nombre="a.pdf", hash_archivo="h1", vigente=True, empresa="afinia") -> int:
    (found,) = conn.execute(
        "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo, tamano,"
        " ruta_local, fecha, vigente) VALUES (%s, %s, 'pdf', %s, %s, 10, 'raw/x', %s, %s) RETURNING id",
        (empresa, radicado, nombre, hash_archivo, DAY, vigente),
    ).fetchone()
    conn.commit()
    return found


def add_row(conn, state=None, owner="me", **more) -> int:
    """A file with a row in `state`; a lease of `owner` when that is subiendo."""
    key = f"k/{more.get('radicado', '1')}/{more.get('nombre', 'a.pdf')}.pdf"
    registry.plan(conn, BUCKET, [Planned(add_file(conn, **more), key)])
    (found,) = conn.execute(
        "SELECT id FROM data_general.registros_ov_s3 WHERE clave_s3 = %s", (key,)
    ).fetchone()
    if state:
        lease = (owner, "1 hour") if state == "subiendo" else (None, None)
        conn.execute(
            "UPDATE data_general.registros_ov_s3 SET estado_carga = %s, arrendado_por = %s,"
            " arriendo_vence = now() + %s::interval, verificado_en = now() - interval '1 hour' WHERE id = %s",
            (state, *lease, found),
        )
    conn.commit()
    return found


def row(conn, id_: int) -> dict:
    with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute("SELECT * FROM data_general.registros_ov_s3 WHERE id = %s", (id_,)).fetchone()
    conn.commit()
    return found


def claim(conn, owner="me", **more):
    return registry.claim(conn, "afinia", DAY, BUCKET, owner, **more)


def test_plan_writes_what_the_file_says(conn):
    file = add_file(conn)
    assert registry.plan(conn, BUCKET, [Planned(file, "a/b/1_h.pdf")], region="us-east-1") == 1
    (id_,) = conn.execute("SELECT id FROM data_general.registros_ov_s3").fetchone()
    found = row(conn, id_)
    expected = {
        "empresa": "afinia",
        "numero_radicado": "1",
        "clase": "pdf",
        "fecha": DAY,
        "nombre_archivo": "a.pdf",
        "hash_archivo": "h1",
        "tamano_archivo": 10,
        "tipo_archivo": "pdf",
        "bucket_s3": BUCKET,
        "clave_s3": "a/b/1_h.pdf",
        "url_s3": "s3://cubo/a/b/1_h.pdf",
        "region_s3": "us-east-1",
        "estado_carga": "pendiente",
        "origen_carga": "bot",
        "intentos_carga": 0,
        "fecha_carga": None,
        "numero_reclamo_sgc": None,
    }
    assert {name: found[name] for name in expected} == expected


def test_plan_twice_and_a_taken_key_change_nothing(conn):
    first, second = add_file(conn), add_file(conn, radicado="2")
    assert registry.plan(conn, BUCKET, [Planned(first, "k1")]) == 1
    assert registry.plan(conn, BUCKET, [Planned(first, "k1"), Planned(first, "other")]) == 0
    assert registry.plan(conn, BUCKET, [Planned(second, "k1")]) == 0
    assert registry.plan(conn, "another-bucket", [Planned(first, "k1")]) == 1


def test_two_plans_at_once_make_one_row(conn, database):
    files = [Planned(add_file(conn, radicado=str(n)), f"k{n}") for n in range(50)]

    def one(_):
        with connect(database) as own:
            return registry.plan(own, BUCKET, files)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 50


def test_d6_same_bytes_under_two_pqr_have_two_rows(conn):
    add_row(conn, radicado="1", hash_archivo="same")
    add_row(conn, radicado="2", hash_archivo="same")
    states = conn.execute("SELECT estado_carga FROM data_general.registros_ov_s3").fetchall()
    assert states == [("pendiente",), ("pendiente",)]


@pytest.mark.parametrize("state", list(Estado))
def test_claim_takes_only_what_may_be_uploaded(conn, state):
    id_ = add_row(conn, state, owner="somebody")
    may = state in {Estado.PENDIENTE, Estado.ERROR, Estado.FALTA_S3}
    assert [c.id for c in claim(conn)] == ([id_] if may else [])
    assert row(conn, id_)["estado_carga"] == ("subiendo" if may else state)
    assert row(conn, id_)["intentos_carga"] == (1 if may else 0)


def test_claim_waits_until_the_next_try(conn):
    id_ = add_row(conn, "error")
    set_next = "UPDATE data_general.registros_ov_s3 SET proximo_intento = now() + %s::interval"
    conn.execute(set_next, ("1 minute",))
    conn.commit()
    assert claim(conn) == []
    conn.execute(set_next, ("-1 second",))
    conn.commit()
    assert [c.id for c in claim(conn)] == [id_]


def test_claim_leaves_files_that_are_no_longer_current(conn):
    add_row(conn, vigente=False)
    assert claim(conn) == []


def test_an_expired_lease_is_another_s_to_take(conn):
    id_ = add_row(conn)
    assert len(claim(conn, "one", lease_seconds=60)) == 1
    assert claim(conn, "two") == []
    conn.execute("UPDATE data_general.registros_ov_s3 SET arriendo_vence = now() - interval '1 second'")
    conn.commit()
    assert [c.id for c in claim(conn, "two")] == [id_]
    assert row(conn, id_)["intentos_carga"] == 2
    # The first owner comes back to life: the row is no longer its own.
    assert registry.mark_uploaded(conn, "one", [Uploaded(id_, "e", "t")]) == 0
    assert registry.mark_uploaded(conn, "two", [Uploaded(id_, "e", "t")]) == 1


def test_release_gives_back_only_ones_own(conn):
    mine, other = add_row(conn, "subiendo"), add_row(conn, "subiendo", owner="other", radicado="2")
    assert registry.release(conn, BUCKET, "me") == 1
    assert [row(conn, id_)["estado_carga"] for id_ in (mine, other)] == ["pendiente", "subiendo"]


def test_reclaim_takes_the_leases_of_the_dead_and_not_ones_own(conn):
    mine, dead = add_row(conn, "subiendo"), add_row(conn, "subiendo", owner="dead", radicado="2")
    assert claim(conn) == []
    assert [c.id for c in claim(conn, reclaim_leases=True)] == [dead]
    assert claim(conn, reclaim_leases=True) == []
    assert {row(conn, id_)["arrendado_por"] for id_ in (mine, dead)} == {"me"}


def test_two_uploaders_at_once_never_take_the_same_row(conn, database):
    for n in range(60):
        add_row(conn, radicado=str(n))

    def take(owner):
        with connect(database) as own:
            found = []
            while claimed := claim(own, owner, limit=7):
                found += [c.id for c in claimed]
            return found

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        taken = [id_ for ids in pool.map(take, ["a", "b", "c", "d"]) for id_ in ids]
    assert len(taken) == len(set(taken)) == 60


def test_a_claim_that_is_not_committed_blocks_nobody(conn, database):
    ids = [add_row(conn, radicado=str(n)) for n in range(4)]
    with connect(database) as slow, slow.transaction():
        first = claim(slow, "slow", limit=2)
        second = claim(conn, "fast")
        assert sorted(c.id for c in first + second) == ids


def test_uploaded(conn):
    id_ = add_row(conn)
    claim(conn)
    assert registry.mark_uploaded(conn, "me", [Uploaded(id_, "etag", "application/pdf")]) == 1
    found = row(conn, id_)
    assert (found["estado_carga"], found["etag"], found["tipo_contenido"]) == (
        "subido",
        "etag",
        "application/pdf",
    )
    assert found["verificado_en"] and found["fecha_carga"]
    assert (found["procesado"], found["sincronizado_bd"], found["arrendado_por"]) == (True, True, None)


def test_d5_what_was_there_before_us_is_told_from_our_own_earlier_attempt(conn):
    before, ours = add_row(conn), add_row(conn, radicado="2")
    claim(conn)
    conn.execute("UPDATE data_general.registros_ov_s3 SET intentos_carga = 2 WHERE id = %s", (ours,))
    registry.mark_uploaded(conn, "me", [Uploaded(id_, "e", "t", ya_estaba=True) for id_ in (before, ours)])
    assert [row(conn, id_)["origen_carga"] for id_ in (before, ours)] == ["pre_existente", "bot"]
    assert [row(conn, id_)["estado_carga"] for id_ in (before, ours)] == ["subido", "subido"]


def test_d19_error_keeps_attempts_text_and_a_next_try_that_backs_off(conn):
    id_ = add_row(conn)
    waits = []
    for attempt in range(1, 12):
        conn.execute("UPDATE data_general.registros_ov_s3 SET proximo_intento = NULL")
        conn.commit()
        assert [row(conn, c.id)["intentos_carga"] for c in claim(conn)] == [attempt]
        assert registry.mark_error(conn, "me", [Failed(id_, "s3: 503 SlowDown")]) == 1
        found = row(conn, id_)
        waits.append((found["proximo_intento"] - found["fecha_actualizacion"]).total_seconds())
    assert waits == [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600]
    assert row(conn, id_)["ultimo_error"] == "s3: 503 SlowDown"
    assert claim(conn) == []


def test_permanent_error_is_told_and_waits_long(conn):
    id_ = add_row(conn, "subiendo")
    registry.mark_error(conn, "me", [Failed(id_, "s3: 400 KeyTooLongError", permanente=True)])
    found = row(conn, id_)
    assert found["ultimo_error"] == "permanente: s3: 400 KeyTooLongError"
    assert (found["proximo_intento"] - found["fecha_actualizacion"]).total_seconds() == 86400


OWNED = {
    "mark_uploaded": lambda conn, id_: registry.mark_uploaded(conn, "me", [Uploaded(id_, "e", "t")]),
    "mark_conflict": lambda conn, id_: registry.mark_conflict(conn, "me", [Failed(id_, "x")]),
    "mark_error": lambda conn, id_: registry.mark_error(conn, "me", [Failed(id_, "x")]),
    "mark_missing_local": lambda conn, id_: registry.mark_missing_local(conn, "me", [Failed(id_, "x")]),
}
SEEN = {
    "mark_gone": (lambda conn, id_, now: registry.mark_gone(conn, [id_]), {"pendiente", "error", "falta_s3"}),
    "requeue": (lambda conn, id_, now: registry.requeue(conn, [id_]), {"falta_local", "conflicto", "error"}),
    "mark_missing_in_s3": (
        lambda conn, id_, now: registry.mark_missing_in_s3(conn, [id_], now),
        {"subido", "pre_existente", "conflicto"},
    ),
    "mark_altered_in_s3": (
        lambda conn, id_, now: registry.mark_altered_in_s3(conn, [Failed(id_, "x")], now),
        {"subido", "pre_existente"},
    ),
}


@pytest.mark.parametrize("edge", OWNED)
@pytest.mark.parametrize("state", list(Estado))
def test_owners_edges_start_from_subiendo_alone(conn, edge, state):
    id_ = add_row(conn, state)
    assert OWNED[edge](conn, id_) == (1 if state is Estado.SUBIENDO else 0)


@pytest.mark.parametrize("edge", OWNED)
def test_owners_edges_are_for_the_owner_alone(conn, edge):
    id_ = add_row(conn, "subiendo", owner="other")
    before = row(conn, id_)
    assert OWNED[edge](conn, id_) == 0
    assert row(conn, id_) == before


@pytest.mark.parametrize("edge", SEEN)
@pytest.mark.parametrize("state", list(Estado))
def test_edges_of_what_was_seen_are_guarded_by_the_state_before(conn, edge, state):
    id_ = add_row(conn, state)
    (now,) = conn.execute("SELECT now()").fetchone()
    conn.commit()
    take, starts = SEEN[edge]
    assert take(conn, id_, now) == (1 if state in starts else 0)
    if state not in starts:
        assert row(conn, id_)["estado_carga"] == state


def test_a_listing_older_than_the_verification_proves_nothing(conn):
    id_ = add_row(conn, "subiendo")
    (listed_at,) = conn.execute("SELECT now()").fetchone()
    conn.commit()
    registry.mark_uploaded(conn, "me", [Uploaded(id_, "e", "t")])
    assert registry.mark_missing_in_s3(conn, [id_], listed_at) == 0
    assert registry.mark_altered_in_s3(conn, [Failed(id_, "x")], listed_at) == 0


def test_adopt_makes_a_row_for_what_is_there_and_only_once(conn):
    file = add_file(conn)
    found = [Found(file, "Central_De_Escritos/Afinia/x/RE1/a.PDF", "etag")]
    assert registry.adopt(conn, BUCKET, found) == 1
    assert registry.adopt(conn, BUCKET, found) == 0
    assert registry.plan(conn, BUCKET, [Planned(file, "k")]) == 0
    conn.commit()
    sql = "SELECT estado_carga, origen_carga, tipo_archivo, etag FROM data_general.registros_ov_s3"
    assert conn.execute(sql).fetchall() == [("pre_existente", "pre_existente", "pdf", "etag")]


def test_functions_leave_no_transaction_open(conn):
    add_row(conn)
    claim(conn)
    registry.taken_keys(conn, BUCKET, ["k"])
    assert conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def foreign(conn, key, bucket=BUCKET) -> int:
    """A row without a file, as the predecessor left them."""
    (found,) = conn.execute(
        "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
        " hash_archivo, estado_carga) VALUES ('x', %s, %s, 'afinia', 'h1', 'subido') RETURNING id",
        (bucket, key),
    ).fetchone()
    conn.commit()
    return found


@pytest.mark.parametrize("first", ["plan", "adopt", "link"])
def test_a_file_that_gets_a_row_this_moment_is_not_linked_again(conn, database, first):
    file, mine, other = add_file(conn), foreign(conn, "a"), foreign(conn, "b")
    edges = {
        "plan": lambda: registry.plan(conn, BUCKET, [Planned(file, "c")]),
        "adopt": lambda: registry.adopt(conn, BUCKET, [Found(file, "c", None)]),
        "link": lambda: adoption.link(conn, BUCKET, [Link(other, file, "e")]),
    }
    with (
        concurrent.futures.ThreadPoolExecutor() as pool,
        connect(database) as second,
        psycopg.connect(**database, autocommit=True) as watcher,
    ):
        with conn.transaction():
            assert edges[first]() == 1
            linked = pool.submit(adoption.link, second, BUCKET, [Link(mine, file, "e")])
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while watcher.execute(waiting).fetchone() == (0,):
                assert not linked.done()
        assert linked.result() == 0


def test_of_two_rows_for_one_file_one_is_linked(conn):
    file, one, two = add_file(conn), foreign(conn, "a"), foreign(conn, "b")
    assert adoption.link(conn, BUCKET, [Link(one, file, "e"), Link(two, file, "e")]) == 1


def test_one_row_speaks_for_an_object_that_two_tell_of(conn):
    """The predecessor's bulk script left the bucket out."""
    conn.execute("ALTER TABLE data_general.registros_ov_s3 ALTER COLUMN bucket_s3 DROP NOT NULL")
    foreign(conn, "a", bucket=None)
    named, foreign_alone, file = foreign(conn, "a"), foreign(conn, "b", bucket=None), add_file(conn)
    foreign(conn, "b", bucket=None)
    rows, _ = adoption.candidates(conn, BUCKET, "afinia", DAY)
    assert [row.id for row in rows] == [named, foreign_alone]
    found, _, _ = reconcile.read(conn, reconcile.Scope(BUCKET))
    assert {row.id for row in found} == {named, foreign_alone}
    assert adoption.link(conn, BUCKET, [Link(named, file, "e")]) == 1


def test_a_reconciliation_leaves_a_living_lease_to_its_uploader(conn):
    id_ = add_row(conn, "subiendo")
    before = row(conn, id_)
    (now,) = conn.execute("SELECT now()").fetchone()
    conn.commit()
    assert reconcile.mark_conflict(conn, [Failed(id_, "otros_bytes")], now) == 0
    assert reconcile.mark_seen(conn, BUCKET, [reconcile.Seen(id_, "e", "h1", 10)]) == 0
    assert row(conn, id_) == before


def test_only_the_bytes_of_the_row_settle_it(conn):
    id_ = add_row(conn, "error")
    assert reconcile.mark_seen(conn, BUCKET, [reconcile.Seen(id_, "e", "h2", 10)]) == 0
    assert reconcile.mark_seen(conn, BUCKET, [reconcile.Seen(id_, "e", "h1", 10)]) == 1


def test_a_row_that_somebody_uploads_is_not_linked(conn):
    file, id_ = add_file(conn), foreign(conn, "a")
    conn.execute("UPDATE data_general.registros_ov_s3 SET estado_carga = 'subiendo'")
    conn.commit()
    assert adoption.link(conn, BUCKET, [Link(id_, file, "e")]) == 0


def test_claim_is_for_one_bucket(conn):
    file = add_file(conn)
    registry.plan(conn, "another-bucket", [Planned(file, "k")])
    assert claim(conn) == []
