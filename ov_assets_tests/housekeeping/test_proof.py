"""Set-aside captures, and a CSV written anew meanwhile: nothing goes that isn't proven elsewhere now."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import time_machine

from ov_assets.days import CompanyDay
from ov_assets.housekeeping import archived, aside, found
from ov_assets.housekeeping.found import Found
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.diff import ProvenFile
from ov_assets.rds.files_on_record import name_on_record
from ov_assets_tests.assets.flow_tools import resources
from ov_assets_tests.housekeeping.test_cleanup import (
    DATA,
    NAMES,
    OLD,
    Planted,
    aged,
    planted,
    swept,
)

__all__ = ["planted"]
pytestmark = pytest.mark.usefixtures("flow")
RADICADO = "1001"


def set_aside(store: CaptureStore) -> Path:
    """As a capture of long ago is: it lost its manifest, and its times are old."""
    (store.folder / RADICADO / "manifest.json").write_text("{")
    for path in (store.folder / RADICADO).rglob("*"):
        aged(path)
    aged(store.folder / RADICADO)
    known = set(store.folder.iterdir())
    store.recover()
    (folder,) = set(store.folder.glob(".roto-*")) - known
    return folder


@contextmanager
def in_days(days: int) -> Iterator[None]:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
        yield


def judged(store: CaptureStore, in_s3: Iterable[str] = ()) -> Found:
    part, partition = Found("apartadas", found.LEFTOVER_DAYS), CompanyDay(store.company, store.day)
    disk = resources()["disk"].open()
    assert aside.partitions_with_aside(disk, part.dias) == [partition]
    proven = frozenset(ProvenFile(RADICADO, "pdf", "x", digest) for digest in in_s3)
    with in_days(8):
        aside.aside_of(partition, proven, disk, part)
    return part


def capture(store: CaptureStore, *, pdf: bytes = DATA[Clase.PDF]) -> None:
    with store.draft(RADICADO, "h", datetime(2025, 10, 2, tzinfo=UTC)) as draft:
        for clase, data in (DATA | {Clase.PDF: pdf}).items():
            draft.add(clase, NAMES[clase], data)


def test_what_was_set_aside_today_stays_though_its_files_are_old(
    planted: Planted, instance: dg.DagsterInstance, database: dict[str, Any], data_dir: Path
) -> None:
    planted.pqr("afinia", RADICADO)
    folder = set_aside(CaptureStore(data_dir, "afinia", OLD))
    freed = swept(instance, database, dry_run=False)
    assert (folder / "detalle.pdf").is_file()
    assert freed["apartadas"].conservados == {"reciente": 1}


def test_age_alone_never_deletes_what_was_set_aside(data_dir: Path) -> None:
    store = CaptureStore(data_dir, "afinia", OLD)
    capture(store)
    set_aside(store)
    part = judged(store)
    assert (part.paths, part.kept) == ([], {"sin prueba de estar en otra parte": 1})


def test_it_goes_when_the_capture_that_came_after_it_has_each_of_its_files(data_dir: Path) -> None:
    store = CaptureStore(data_dir, "afinia", OLD)
    capture(store)
    folder = set_aside(store)
    capture(store)
    assert judged(store).paths == [folder]
    capture(store, pdf=b"%PDF otro")
    assert judged(store).paths == []
    capture(store)
    (store.folder / RADICADO / "detalle.pdf").write_bytes(b"%PDF dos")
    assert judged(store).paths == [], "what stands there now isn't sound itself"


def test_it_goes_when_the_bucket_is_seen_to_have_what_no_capture_has(data_dir: Path) -> None:
    store = CaptureStore(data_dir, "afinia", OLD)
    capture(store)
    old = {file.hash_archivo for file in store.manifests()[RADICADO].archivos}
    folder = set_aside(store)
    assert judged(store, old).paths == [folder]
    for missing in old:
        assert judged(store, old - {missing}).paths == []


def test_one_that_cannot_be_read_is_counted_and_the_others_are_looked_at(data_dir: Path) -> None:
    store = CaptureStore(data_dir, "afinia", OLD)
    capture(store)
    bad = set_aside(store)
    capture(store)
    good = set_aside(store)
    capture(store)
    (bad / "detalle.pdf").unlink()
    (bad / "detalle.pdf").symlink_to("/proc/self/mem")
    part = judged(store)
    assert (part.paths, part.kept) == ([good], {"ilegible en disco": 1})


def test_one_named_without_a_time_is_judged_like_the_others(data_dir: Path) -> None:
    store = CaptureStore(data_dir, "afinia", OLD)
    capture(store)
    folder = set_aside(store).rename(store.folder / f".roto-{RADICADO}")
    capture(store)
    assert judged(store).paths == [folder]


def test_the_sweep_asks_the_bucket_for_the_proof(
    planted: Planted,
    instance: dg.DagsterInstance,
    database: dict[str, Any],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(found, "LEFTOVER_DAYS", 1e-9)
    planted.pqr("afinia", RADICADO)
    planted.pqr("aire", RADICADO, lost=True)
    proven, lost = (set_aside(CaptureStore(data_dir, company, OLD)) for company in ("afinia", "aire"))
    assert swept(instance, database, dry_run=True)["apartadas"].elementos == 1
    assert proven.is_dir()
    freed = swept(instance, database, dry_run=False)["apartadas"]
    assert (freed.elementos, freed.conservados) == (1, {"sin prueba de estar en otra parte": 1})
    assert not proven.exists()
    assert (lost / "detalle.pdf").is_file()


def test_a_draft_is_old_by_when_it_was_last_touched(data_dir: Path) -> None:
    draft = CaptureStore(data_dir, "afinia", OLD).folder / ".nuevo-9"
    draft.mkdir(parents=True)
    (draft / "x").write_text("x")
    then = time.time() - 100 * 86_400
    for path in (draft / "x", draft):
        os.utime(path, (then, then))
    assert found.leftovers(data_dir / "raw", set()).paths == []
    with in_days(8):
        assert found.leftovers(data_dir / "raw", set()).paths == [draft]


def test_a_csv_that_is_written_anew_before_its_removal_stays(
    planted: Planted, instance: dg.DagsterInstance, database: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OV_KEEP_CSV_DAYS", "30")
    rewritten, verified = planted.csv("afinia", OLD, in_s3=True), planted.csv("aire", OLD, in_s3=True)
    finds = archived.partitions_with_csv

    def and_then_a_run(*given: Any) -> list[CompanyDay]:
        """What may go is known; then company_csv writes one of them again."""
        candidates = finds(*given)
        assert len(candidates) == 2
        rewritten.write_bytes(b"una fila mas")
        aged(rewritten)
        return candidates

    monkeypatch.setattr(archived, "partitions_with_csv", and_then_a_run)
    freed = swept(instance, database, dry_run=False)["csv"]
    assert rewritten.read_bytes() == b"una fila mas"
    assert not verified.exists()
    assert (freed.elementos, freed.conservados) == (1, {"sin verificar en S3": 1})


def test_a_file_that_lay_among_the_captures_needs_a_proof_too(data_dir: Path) -> None:
    store = CaptureStore(data_dir, "afinia", OLD)
    store.folder.mkdir(parents=True)
    (store.folder / f"{RADICADO}.zip").write_bytes(b"who knows")
    store.recover()
    part = judged(store)
    assert (part.paths, part.kept) == ([], {"sin prueba de estar en otra parte": 1})
    assert len(judged(store, [hashlib.sha256(b"who knows").hexdigest()]).paths) == 1


def test_the_proof_of_a_file_is_found_by_its_name_on_record(data_dir: Path) -> None:
    store = CaptureStore(data_dir, "afinia", OLD)
    with store.draft(RADICADO, "h", datetime(2025, 10, 2, tzinfo=UTC)) as draft:
        draft.add(Clase.ADJUNTO, "x" * 600 + ".jpg", b"foto")
    (file,) = store.manifests()[RADICADO].archivos
    proven = ProvenFile(RADICADO, file.clase, name_on_record(file.nombre), file.hash_archivo)
    part = Found("originales", 7)
    with in_days(8):
        archived.raw_of(
            CompanyDay(store.company, store.day), frozenset({proven}), resources()["disk"].open(), part
        )
    assert (len(part.paths), part.kept) == (1, {})
