"""Captures on disk: whole or not there, and named safely."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from ov_assets.pqr.captures import CaptureStore, NotCapturedError
from ov_assets.pqr.files import safe_name
from ov_assets.pqr.manifest import Clase, Manifest
from ov_assets_tests.pqr.examples import DAY, READ_AT, capture, pqr


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(tmp_path, "afinia", DAY)


def test_a_capture_has_every_file_with_its_hash(store: CaptureStore) -> None:
    record = pqr()
    capture(store, record, {"uno.pdf": b"%PDF-a", "dos.png": b"\x89PNG"})
    (manifest,) = store.manifests().values()
    assert [file.clase for file in manifest.archivos] == ["json", "pdf", "adjunto", "adjunto"]
    for file in manifest.archivos:
        data = store.path_of(manifest, file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.tamano, file.hash_archivo)
    assert store.read_pqr(manifest) == record
    assert manifest.extraido_en == READ_AT
    assert Manifest.from_json(manifest.to_json()) == manifest


def test_a_manifest_from_disk_tells_bogotas_time_and_none_without_an_offset_is_believed(
    store: CaptureStore,
) -> None:
    capture(store, pqr())
    (manifest,) = store.manifests().values()
    document = json.loads(manifest.to_json())
    for text, read in (
        ("2025-10-14T03:30:00+00:00", "2025-10-13T22:30:00-05:00"),
        ("2025-10-14T03:30", None),
    ):
        data = json.dumps(document | {"extraido_en": text}).encode()
        if read is None:
            with pytest.raises(ValueError, match="not a manifest"):
                Manifest.from_json(data)
        else:
            assert Manifest.from_json(data).extraido_en.isoformat() == read


def test_a_failed_capture_leaves_the_old_one(store: CaptureStore) -> None:
    capture(store, pqr())
    with pytest.raises(RuntimeError), store.draft("0900000001", "h2", READ_AT) as draft:
        draft.add(Clase.JSON, "pqr.json", b"{}")
        raise RuntimeError
    assert store.manifests()["0900000001"].huella_lista == "h1"
    assert [path.name for path in store.folder.iterdir()] == ["0900000001"]


def test_a_newer_capture_replaces_the_whole_folder(store: CaptureStore) -> None:
    capture(store, pqr(), {"viejo.pdf": b"%PDF"})
    capture(store, pqr(comentarios="x"), {"nuevo.pdf": b"%PDF"}, huella="h2")
    (manifest,) = store.manifests().values()
    assert [file.nombre for file in manifest.archivos][2:] == ["nuevo.pdf"]
    assert not list(store.folder.rglob("viejo.pdf"))


def test_recovery_after_a_kill_between_the_two_renames(store: CaptureStore) -> None:
    capture(store, pqr())
    (store.folder / "0900000001").rename(store.folder / ".viejo-0900000001")
    (store.folder / ".nuevo-0900000001").mkdir()
    store.recover()
    assert list(store.manifests()) == ["0900000001"]
    assert [path.name for path in store.folder.iterdir()] == ["0900000001"]


def test_a_folder_without_a_manifest_is_set_aside_and_counts_as_not_captured(store: CaptureStore) -> None:
    capture(store, pqr())
    (store.folder / "0900000001" / "manifest.json").write_text("{")
    store.recover()
    assert store.manifests() == {}
    (aside,) = store.set_aside()
    assert (aside / "pqr.json").is_file()


@pytest.mark.parametrize("altered", ["pqr.json", "adjuntos/uno.pdf"])
def test_a_file_altered_at_the_same_size_sets_its_capture_aside(store: CaptureStore, altered: str) -> None:
    capture(store, pqr(), {"uno.pdf": b"%PDF-a"})
    path = store.folder / "0900000001" / altered
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    store.recover()
    assert store.manifests() == {}
    (aside,) = store.set_aside()
    assert (aside / altered).is_file()


def test_a_missing_or_shortened_file_is_seen(store: CaptureStore) -> None:
    capture(store, pqr(), {"uno.pdf": b"%PDF-a"})
    (manifest,) = store.manifests().values()
    assert store.missing_files(manifest) == []
    (store.folder / "0900000001" / "adjuntos" / "uno.pdf").write_bytes(b"%")
    (store.folder / "0900000001" / "detalle.pdf").unlink()
    assert [file.ruta for file in store.missing_files(manifest)] == ["detalle.pdf", "adjuntos/uno.pdf"]


def test_a_day_nobody_looked_at_is_not_an_empty_day(store: CaptureStore) -> None:
    with pytest.raises(NotCapturedError, match=r"afinia 2025-10-13.*never captured"):
        store.outcome()
    store.record_outcome({})
    assert store.outcome() == {}
    assert store.manifests() == {}


def test_manifests_of_another_day_or_company_are_not_mixed(store: CaptureStore) -> None:
    capture(store, pqr())
    assert CaptureStore(store.data_dir, "aire", DAY).manifests() == {}
    shutil.rmtree(store.folder)
    assert store.manifests() == {}


@pytest.mark.parametrize(
    "original",
    [
        "../../etc/passwd",
        "..\\..\\windows\\x.pdf",
        "CON.pdf",
        "a" * 400 + ".pdf",
        "",
        "x\x00y.pdf",
        "á/é.pdf",
    ],
)
def test_a_name_is_safe_for_any_file_system(original: str, tmp_path: Path) -> None:
    name = safe_name(original, set())
    assert name
    assert len(name.encode()) <= 170
    path = tmp_path / name
    path.write_bytes(b"x")
    assert path.resolve().parent == tmp_path.resolve()
    assert name.upper() not in ("CON.PDF",)


def test_a_name_that_is_no_name_gets_one() -> None:
    assert [safe_name(name, set()) for name in ("foto/..", ".", "a\ud83d.pdf")] == [
        "archivo",
        "archivo",
        "a.pdf",
    ]


def test_equal_names_stay_apart() -> None:
    taken: set[str] = set()
    assert [safe_name(name, taken) for name in ("a.pdf", "A.PDF", "a.pdf")] == ["a.pdf", "A_2.PDF", "a_3.pdf"]
