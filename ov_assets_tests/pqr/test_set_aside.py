"""What isn't a capture any more is set aside; what can't be read is told, and stays where it is."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ov_assets.pqr.captures import (
    ASIDE_TIME,
    BrokenCaptureError,
    CaptureStore,
    UnreadableCaptureError,
    folder_name,
)
from ov_assets.pqr.consolidate import consolidate
from ov_assets.timezone import BOGOTA
from ov_assets_tests.pqr.examples import DAY, READ_AT, capture, pqr

RADICADO = "0900000001"


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(tmp_path, "afinia", DAY)


def spoil(store: CaptureStore) -> None:
    (store.folder / RADICADO / "manifest.json").write_text("{")


def test_several_of_one_pqr_stand_beside_each_other(store: CaptureStore) -> None:
    for comment in ("uno", "dos"):
        capture(store, pqr(comentarios=comment))
        spoil(store)
        store.recover()
    kept = [(folder / "pqr.json").read_text() for folder in store.set_aside()]
    assert ["uno" in kept[0], "dos" in kept[1]] == [True, True]
    assert len(kept) == 2


def test_its_name_says_when_it_was_set_aside_in_bogota(store: CaptureStore) -> None:
    capture(store, pqr())
    spoil(store)
    before = datetime.now(BOGOTA)
    store.recover()
    (aside,) = store.set_aside()
    stamp, radicado = aside.name.removeprefix(".roto-").split("-")
    at = datetime.strptime(stamp, ASIDE_TIME).replace(tzinfo=BOGOTA)
    assert before - timedelta(milliseconds=1) <= at <= datetime.now(BOGOTA)
    assert radicado == RADICADO


@pytest.mark.parametrize(("target", "said"), [("/proc/self/mem", "EIO"), ("manifest.json", "ELOOP")])
def test_a_manifest_that_the_disk_does_not_give_out_is_an_error_and_no_broken_capture(
    store: CaptureStore, target: str, said: str
) -> None:
    """Reading /proc/self/mem from its beginning is an I/O error; a link to itself can't be followed."""
    capture(store, pqr())
    manifest = store.folder / RADICADO / "manifest.json"
    manifest.unlink()
    manifest.symlink_to(target)
    for work in (
        store.recover,
        store.manifests,
        lambda: store.manifest(RADICADO),
        lambda: consolidate(store),
    ):
        with pytest.raises(UnreadableCaptureError, match=f"afinia {DAY} radicado {RADICADO}.*{said}"):
            work()
    assert [path.name for path in store.folder.iterdir()] == [RADICADO]


def test_a_file_that_the_disk_does_not_give_out_is_told_without_its_name(store: CaptureStore) -> None:
    capture(store, pqr(), {"cédula de Juana.txt": b"x"})
    (attached,) = (store.folder / RADICADO / "adjuntos").iterdir()
    attached.unlink()
    attached.symlink_to("/proc/self/mem")
    with pytest.raises(UnreadableCaptureError, match="EIO") as raised:
        store.recover()
    assert "Juana" not in str(raised.value)
    assert store.set_aside() == []


def test_without_a_manifest_it_is_broken_also_where_a_file_or_folder_stands_in_its_place(
    store: CaptureStore,
) -> None:
    capture(store, pqr())
    (store.folder / RADICADO / "manifest.json").unlink()
    (store.folder / "notas.txt").write_text("x")
    (store.folder / "0900000002" / "manifest.json").mkdir(parents=True)
    with pytest.raises(BrokenCaptureError, match=r"afinia 2025-10-13 radicado .*: no manifest"):
        store.manifests()
    store.recover()
    assert store.manifests() == {}
    assert len(store.set_aside()) == 3


def test_a_capture_that_was_replaced_comes_back_when_the_new_one_is_broken(store: CaptureStore) -> None:
    capture(store, pqr())
    old = (store.folder / RADICADO).rename(store.data_dir / "viejo")
    capture(store, pqr(comentarios="nuevo"), huella="h2")
    old.rename(store.folder / f".viejo-{RADICADO}")
    spoil(store)
    store.recover()
    assert store.manifests()[RADICADO].huella_lista == "h1"
    assert len(store.set_aside()) == 1


def test_a_capture_that_was_replaced_stays_while_the_new_one_lacks_a_file(store: CaptureStore) -> None:
    capture(store, pqr())
    old = (store.folder / RADICADO).rename(store.data_dir / "viejo")
    capture(store, pqr(comentarios="nuevo"), huella="h2")
    old.rename(store.folder / f".viejo-{RADICADO}")
    (store.folder / RADICADO / "detalle.pdf").unlink()
    store.recover()
    (aside,) = store.set_aside()
    assert (aside / "detalle.pdf").is_file()
    store.recover()
    assert store.set_aside() == [aside]


@pytest.mark.parametrize("radicado", [".x", "..", ". ", ".nuevo-1", "..\\.oculto"])
def test_a_radicado_that_begins_with_a_dot_has_a_folder_that_is_seen(
    store: CaptureStore, radicado: str
) -> None:
    assert not folder_name(radicado).startswith(".")
    with store.draft(radicado, "h", READ_AT):
        pass
    assert list(store.manifests()) == [radicado]
    assert store.manifest(radicado) is not None
    assert folder_name(radicado) != folder_name(radicado.lstrip("."))
