"""Loads, diffs, uploads and reconciliations in any order, killed at any commit and PUT, a saboteur about.

Each sequence runs on the real PostgreSQL, SeaweedFS and disk, by the code that the assets run. What must be
is kept in plain Python (`model.py`). After every step nothing is lost, overwritten or claimed without proof;
at the end one `reconcile --apply` and one run bring files, registry and bucket to agree.

OV_TEST_STATE_SEQUENCES=200 or 5000 makes that many sequences, other ones each time.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import psycopg
import pytest
import stamina
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ov_assets.flow import upload as flow_upload
from ov_assets.flow.reconcile.finding import Accion
from ov_assets.flow.reconcile.run import Report
from ov_assets.flow.upload import LIMITS
from ov_assets.rds import registry
from ov_assets.rds.connection import RdsError
from ov_assets.s3.errors import S3Error
from ov_assets.s3.objects import QUARANTINE
from ov_assets.s3.uploader import UploadItem, upload_many
from ov_assets_tests.faults.links import Cut
from ov_assets_tests.faults.model import Bucket, Capture, File, Records, etag, sha256
from ov_assets_tests.faults.small_world import PARTITION, Side, World, record_of
from ov_assets_tests.pqr.examples import READ_AT

SWITCH = "OV_TEST_STATE_SEQUENCES"
LONG = SWITCH in os.environ
ENOUGH = 60
SEQUENCES = int(os.environ.get(SWITCH, ENOUGH))
STEPS = 8
COUNTED = ("insertadas", "actualizadas", "sin_cambio", "obsoletas")
SETTLED = {"subido", "pre_existente"}
# What a worker raises when its links are cut; commits of its own go to psycopg directly.
CUT_OFF = (RdsError, S3Error, psycopg.OperationalError)
PREFIX = f"{PARTITION.company}/01_raw_data/oficina_virtual"

# The same bytes under two names of a PQR, and in two PQR, are several files.
ATTACHED = [(), (("a.txt", b"uno"),), (("a.txt", b"uno"), ("b.txt", b"uno"))]
RADICADOS = ["0900000001", "0900000002"]
OTHER = {"1": "2", "2": "1"}
LOOK = st.tuples(st.sampled_from(RADICADOS), st.sampled_from(sorted(OTHER)), st.sampled_from(ATTACHED))
WALK = st.lists(LOOK, min_size=1, max_size=2)
WHICH = st.integers(0, 30)


def cuts(**moments: tuple[int, int]) -> st.SearchStrategy[Cut | None]:
    """None, or a cut at one of these moments: of the commits (rds) those that matter, or of the PUTs (s3)."""
    found = [
        st.builds(Cut, st.just(where), st.integers(*between), st.booleans(), st.booleans())
        for where, between in moments.items()
    ]
    return st.none() | st.one_of(found)


REACHED = {
    *(f"worker killed {when} a {what}" for when in ("before", "after") for what in ("commit", "PUT")),
    *(
        f"{lost} a {what}"
        for lost in ("request lost before", "answer lost after")
        for what in ("commit", "PUT")
    ),
    *("load cut off, nothing", "load cut off, all of it", "obsoleta"),
    *("subido", "pre_existente", "conflicto", "falta_local", "cuarentena"),
}


class Worker(NamedTuple):
    """One that has taken files and not brought them yet."""

    owner: str
    claimed: list[registry.Claimed]


class Machine(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        world.reset()
        self.clock = READ_AT
        self.on_disk: dict[str, Capture] = {}
        self.captures: list[Capture] = []
        self.records = Records()
        self.bucket = Bucket()
        self.contents: dict[str, bytes] = {}
        self.rows: dict[int, Any] = {}
        self.stalled: list[Worker] = []
        self.owners = 0

    # The chain, down to the database.

    @initialize(looks=WALK, patient=st.booleans())
    def first_walk(self, looks, patient):
        """patient: the end comes when the leases of the dead have ended; else they are taken from them."""
        self.patient = patient
        self.walk(looks, None)

    @rule(looks=st.just([]) | WALK, cut=cuts(rds=(2, 2)))
    def walk(self, looks, cut):
        """New PQR, edited ones, or none that wasn't there before, captured and loaded."""
        for radicado, lectura, attached in looks:
            self.clock += timedelta(minutes=1)
            files = (
                ("json", "pqr.json", record_of(radicado, lectura)),
                ("pdf", "detalle.pdf", f"%PDF-1.7 {radicado} {lectura}".encode()),
                *(("adjunto", name, data) for name, data in attached),
            )
            self.captures.append(Capture(radicado, lectura, self.clock, files))
            self.contents |= {sha256(data): data for _, _, data in files}
            self._capture(self.captures[-1])
        self._load(cut)

    @rule(look=LOOK, which=WHICH, cut=cuts(rds=(2, 2)))
    def older_walk(self, look, which, cut):
        """The disk has what was captured earlier, as after a restore or on another machine."""
        radicado, lectura, attached = look
        self.walk([look, (radicado, OTHER[lectura], attached)], None)
        older = [found for found in self.captures if found is not self.on_disk[found.radicado]]
        self._capture(older[which % len(older)])
        self._load(cut)

    def _load(self, cut: Cut | None) -> None:
        csv = self.world.write_csv()
        self.contents[csv.sha256] = self.world.csv.read_bytes()
        after, counts = self.records.after(self.on_disk.values(), csv)
        result = self._work(cut, self.world.load)
        if result is None:
            # All of it or nothing: which of the two, only the database knows now.
            assert self.world.records() in (self.records, after)
            self.world.reached[
                "load cut off, " + ("nothing" if after != self.world.records() else "all of it")
            ] += 1
            after = self.world.records()
        elif csv.sha256 == self.records.latest:
            assert result.ya_cargado
        else:
            assert not result.ya_cargado
            assert {name: getattr(result, name) for name in COUNTED} == {
                name: counts[name] for name in COUNTED
            }
            assert result.filas == len(self.on_disk)
            self.world.reached["obsoleta"] += counts["obsoletas"]
        self.records = after

    def _capture(self, found: Capture) -> None:
        self.world.capture(found)
        self.on_disk[found.radicado] = found

    # From the database to the bucket.

    @rule(cut=cuts(rds=(5, 5)))
    def plan(self, cut):
        if diff := self._work(cut, self.world.plan):
            self._counts_add_up(diff)
            assert self.records.current == {
                self._file(row) for row in self.world.rows().values() if row.vigente
            }

    @rule(cut=cuts(rds=(2, 3), s3=(1, 1)))
    def upload(self, cut):
        if done := self._work(cut, self.world.upload):
            self._counts_add_up(done[1])
            self._nothing_left_to_claim()

    @rule(cut=cuts(rds=(5, 8), s3=(1, 2)))
    def run(self, cut):
        if self._work(cut, self._run):
            self._nothing_left_to_claim()

    @rule(looks=WALK, cut=cuts(s3=(1, 2)))
    def walk_and_run(self, looks, cut):
        """By chance, few runs have anything to send: this one brings its own."""
        self.walk(looks, None)
        self.run(cut)

    @rule(cut=cuts(rds=(5, 8), s3=(1, 2)))
    def two_at_once(self, cut):
        """Two workers on one partition, each on connections of its own; one of them may be cut off."""
        barrier = threading.Barrier(2)

        def work(side: Side) -> None:
            barrier.wait()
            self._run(side)

        with self.world.side(cut) as side, ThreadPoolExecutor(2) as pool:
            one, other = (pool.submit(work, each._replace(conn=None)) for each in (side, self.world.straight))
            assert other.exception() is None
            assert one.exception() is None or (cut and isinstance(one.exception(), CUT_OFF))
        if one.exception() is None:
            self._nothing_left_to_claim()

    @rule(limit=st.integers(1, 4), overtaken=st.booleans())
    def stall(self, limit, overtaken):
        """A worker takes some files, without the partition's lock, and stands still.

        overtaken: until its lease has ended and another one has its files; then that one stands still.
        """
        self.world.plan(self.world.straight)
        if overtaken:
            late = self._claim(limit, lease_seconds=0)
            self.stalled.append(self._claim())
            self._go_on(late)
        else:
            self.stalled.append(self._claim(limit))

    @rule(which=WHICH)
    def resume(self, which):
        if self.stalled:
            self._go_on(self.stalled.pop(which % len(self.stalled)))

    def _claim(self, limit: int = 500, lease_seconds: float = 900) -> Worker:
        """What another one holds it does not get."""
        held = {row.id for row in self.world.rows().values() if row.viva}
        self.owners += 1
        conn, bucket = self.world.straight.conn, self.world.straight.bucket
        worker = Worker(
            f"parado-{self.owners}",
            registry.claim(
                conn,
                *PARTITION,
                bucket.name,
                f"parado-{self.owners}",
                limit=limit,
                lease_seconds=lease_seconds,
            ),
        )
        assert not held & {row.id for row in worker.claimed}
        return worker

    def _go_on(self, worker: Worker) -> None:
        """However late: what it holds no longer it leaves as it is."""
        conn, bucket, root = self.world.straight.conn, self.world.straight.bucket, self.world.data_dir
        before = self.world.rows()
        items = [
            UploadItem(row.id, row.clave_s3, root / row.ruta_local, row.hash_archivo)
            for row in worker.claimed
        ]
        settle = partial(flow_upload.settle, conn, bucket, worker.owner)
        asyncio.run(upload_many(bucket, items, LIMITS, settle))
        after = self.world.rows()
        held = {row.id for row in before.values() if row.arrendado_por == worker.owner}
        assert all(after[row.id] == row for row in before.values() if row.id not in held)
        assert not any(after[id_].estado_carga == "subiendo" for id_ in held)

    @rule(apply=st.booleans(), cut=cuts(rds=(6, 8), s3=(1, 1)))
    def reconcile(self, apply, cut):
        self._reconcile(cut, apply=apply)

    def _reconcile(self, cut: Cut | None, *, apply: bool) -> Report | None:
        before, objects = self.world.rows(), self.world.objects()
        report = self._work(cut, lambda side: self.world.reconcile(side, apply=apply))
        after = self.world.rows()
        if not apply:
            assert (after, self.world.objects()) == (before, objects)
        assert all(after[row.id] == row for row in before.values() if row.viva)
        return report

    # Time and the saboteur.

    @rule()
    def expire(self):
        self.world.end_leases()

    @rule(which=WHICH)
    def delete_object(self, which):
        if key := self._object(which):
            self.world.delete(key)
            del self.bucket.objects[key]

    @rule(which=WHICH, same_size=st.booleans())
    def corrupt_object(self, which, same_size):
        if key := self._object(which):
            there = self.bucket.objects[key]
            self._put(key, b"#" * len(there) if same_size else there + b"#")

    @rule(looks=WALK, which=WHICH, right=st.booleans())
    def plant_at_a_planned_key(self, looks, which, right):
        """Somebody else was there before us, with the file's bytes or with others."""
        self.walk(looks, None)
        self.plan(None)
        self.rows = self.world.rows()
        free = [row for row in self.rows.values() if row.clave_s3 not in self.bucket.objects]
        if free:
            row = free[which % len(free)]
            self._put(row.clave_s3, self.contents.get(row.hash_archivo, b"?") if right else b"ajeno")

    @rule(which=WHICH, unknown=st.booleans())
    def plant_a_stranger(self, which, unknown):
        """An object at a key that nobody planned: nobody's bytes, or another copy of a file's."""
        radicado, clase, _, digest = sorted(self.records.current)[which % len(self.records.current)]
        folder = {"adjunto": "adjuntos"}.get(clase, clase)
        key = f"{PREFIX}/{folder}/{PARTITION.day:%Y/%m/%d}/{radicado or 'x'}_{which:012x}.bin"
        if key not in self.bucket.objects:
            self._put(key, b"de nadie" if unknown else self.contents[digest])
            self.bucket.strangers.add(key)

    @rule(which=WHICH)
    def lose_a_local_file(self, which):
        """Not pqr.json: without it the PQR is a reject of the CSV, which is another test's."""
        store = self.world.store
        paths = sorted(
            store.path_of(manifest, file)
            for manifest in store.manifests().values()
            for file in manifest.archivos
            if file.clase != "json"
        )
        paths[which % len(paths)].unlink(missing_ok=True)

    def _object(self, which: int) -> str | None:
        """An object of the bucket; the quarantine is out of the saboteur's reach."""
        keys = sorted(key for key in self.bucket.objects if not key.startswith(QUARANTINE))
        return keys[which % len(keys)] if keys else None

    def _put(self, key: str, data: bytes) -> None:
        self.world.put(key, data)
        self.bucket.sabotage(key, data)

    # What must hold.

    @invariant()
    def nothing_lost_and_nothing_claimed_without_proof(self):
        self.rows, before = self.world.rows(), self.rows
        self._the_bucket_only_grew()
        assert self.world.records() == self.records
        assert {id_: row.clave_s3 for id_, row in before.items()}.items() <= {
            id_: row.clave_s3 for id_, row in self.rows.items()
        }.items()
        files = [self._file(row) for row in self.rows.values() if row.numero_radicado is not None]
        assert len(files) == len(set(files)), "a file has two rows"
        for row in self.rows.values():
            held = row.estado_carga == "subiendo"
            assert (row.arrendado_por is not None, row.arriendo_vence is not None) == (held, held)
            if row.estado_carga in SETTLED:
                assert row.hash_archivo in self.bucket.ever[row.clave_s3]
                assert row.verificado_en is not None
            if row.origen_carga == "pre_existente":
                assert row.clave_s3 in self.bucket.touched, "ours, and the registry says that it was there"

    def _the_bucket_only_grew(self) -> None:
        """And by what is in the registry, or in quarantine."""
        listed = self.world.objects()
        assert {key: listed.get(key) for key in self.bucket.objects} == {
            key: etag(data) for key, data in self.bucket.objects.items()
        }
        by_key = {row.clave_s3: row for row in self.rows.values()}
        for key in listed.keys() - self.bucket.objects.keys():
            if key.startswith(QUARANTINE):
                data = self.bucket.objects[key.removeprefix(QUARANTINE)]
            else:
                data = self.contents[by_key[key].hash_archivo]
            assert self.world.read(key) == data
            self.bucket.add(key, data)

    def _counts_add_up(self, diff) -> None:
        """Each current file in one state, and none counts as in S3 but those whose bytes are there."""
        assert diff.files == len(self.records.current)
        pending = {File(f.numero_radicado, f.clase, f.nombre, f.hash_archivo) for f in diff.pending}
        settled = self.records.current - pending
        assert diff.files == len(pending) + len(settled) == sum(diff.counts.values())
        assert sum(diff.counts[registry.Estado(state)] for state in SETTLED) == len(settled)
        listed = self.world.objects()
        rows = {self._file(row): row for row in self.world.rows().values() if row.vigente}
        for file in settled:
            assert listed[rows[file].clave_s3] == etag(self.contents[file.sha256])

    def _nothing_left_to_claim(self) -> None:
        states = {row.estado_carga for row in self.world.rows().values() if row.vigente}
        assert not states & {"pendiente", "subiendo", "falta_s3"}

    def teardown(self) -> None:
        """One `reconcile --apply` and one run bring all to agree; skipped where a step has failed already."""
        if sys.exc_info()[0] is not None:
            return
        world, side = self.world, self.world.straight
        self._counts_add_up(world.look(side))
        world.end_pauses()
        if self.patient:
            world.end_leases()
        self._reconcile(None, apply=True)
        self._run(side)
        self.nothing_lost_and_nothing_claimed_without_proof()

        rows = {self._file(row): row for row in self.rows.values() if row.vigente}
        assert set(rows) == self.records.current
        for file, row in rows.items():
            there = self.bucket.objects.get(row.clave_s3)
            if there is None:
                due = {"falta_local"}
            else:
                due = SETTLED if sha256(there) == file.sha256 else {"conflicto"}
                # Of a file that the dead held and that is gone, nobody has seen yet what is at its key.
                due = due if self.patient else due | {"falta_local"}
            assert row.estado_carga in due
            assert row.estado_carga != "falta_local" or not world.on_disk(row.ruta_original, file.sha256)
            assert there is None or world.read(row.clave_s3) == there
        self.world.reached.update(row.estado_carga for row in rows.values())
        keys = {row.clave_s3: row for row in self.rows.values()}
        for key in self.bucket.objects:
            assert key.startswith(QUARANTINE) or key in keys, "an object without a row"
        for key in self.bucket.strangers & self.bucket.objects.keys():
            row = keys[key]
            if copy := (row.metadatos or {}).get("cuarentena"):
                assert sha256(self.bucket.objects[copy]) in self.bucket.ever[key]
                self.world.reached["cuarentena"] += 1
            else:
                altered = sha256(self.bucket.objects[key]) != row.hash_archivo
                assert row.estado_carga in ({"conflicto"} if altered else SETTLED)

        self._nothing_left_to_claim()
        if self.patient:
            again = self._reconcile(None, apply=False)
            assert {finding.accion for finding in again.findings} <= {Accion.NINGUNA}

    # Workers.

    def _run(self, side: Side) -> bool:
        self.world.plan(side)
        self.world.upload(side)
        return True

    def _work(self, cut: Cut | None, work: Callable[[Side], Any]) -> Any:
        """What `work` returns; None when it was cut off."""
        with self.world.side(cut) as side:
            try:
                return work(side)
            except CUT_OFF:
                if cut is None:
                    raise
                return None

    @staticmethod
    def _file(row: Any) -> File:
        return File(row.numero_radicado, row.clase, row.nombre_archivo, row.hash_archivo)


@pytest.fixture
def world(database, bucket, data_dir, monkeypatch):
    monkeypatch.setenv("OV_DATA_DIR", str(data_dir))
    world = World(database, bucket, data_dir)
    # As many tries as ever, no pause between them, and no word about each.
    stamina.instrumentation.set_on_retry_hooks([])
    with stamina.set_testing(True, attempts=LIMITS.attempts):
        yield world
    stamina.instrumentation.set_on_retry_hooks(None)
    world.close()


@pytest.mark.kill
@pytest.mark.timeout(3600 if LONG else 900)
def test_any_sequence_ends_in_agreement(world):
    run_state_machine_as_test(
        lambda: Machine(world),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            derandomize=not LONG,
            database=None,
            # A sequence of eight steps can be read as it is; a shorter one costs minutes.
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(SEQUENCES, "sequences:", dict(sorted(world.reached.items())))
    if SEQUENCES >= ENOUGH:
        unreached = REACHED - set(+world.reached)
        assert not unreached, f"the sequences never come by {unreached}"
