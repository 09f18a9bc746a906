"""The folders of one company and day: `raw/{company}/{date}/{numero_radicado}/`, each whole or not there.

A capture is written to a hidden folder beside and renamed when it is complete, so whatever kills the
writer, every visible folder has a manifest and every file that the manifest names. One that isn't a capture
any more is set aside under a hidden name that says when.
"""

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ov_assets.pqr.files import replace_atomically, safe_name, sha256_of, sync_directory, write_durably
from ov_assets.pqr.manifest import CapturedFile, Clase, Manifest, MissingFile
from ov_assets.pqr.record import RADICADO, Pqr
from ov_assets.timezone import BOGOTA

MANIFEST_NAME = "manifest.json"
JSON_NAME = "pqr.json"
PDF_NAME = "detalle.pdf"
ATTACHMENTS_DIR = "adjuntos"
DRAFT_PREFIX, REPLACED_PREFIX, BROKEN_PREFIX = ".nuevo-", ".viejo-", ".roto-"
# When it was set aside, to the microsecond, so that several of one PQR stand beside each other.
ASIDE_TIME = "%Y%m%dT%H%M%S.%f"
_ASIDE = re.compile(r"\.roto-(?:[0-9]{8}T[0-9]{6}\.[0-9]{6}-)?(?P<name>.+)")
OUTCOME_NAME = ".captura.json"


class BrokenCaptureError(Exception):
    """A capture on disk isn't what its manifest says. Materialize pqr_captures for this partition again."""


class UnreadableCaptureError(Exception):
    """The disk doesn't give a capture out: permissions, a failing disk, too many open files."""


class NotCapturedError(Exception):
    """Nobody has looked at this day yet, which isn't the same as a day without PQR."""

    def __init__(self, company: str, day: date) -> None:
        super().__init__(f"{company} {day}: this day was never captured. Materialize pqr_captures first.")


def folder_name(numero_radicado: str) -> str:
    """The folder of a PQR, never a hidden one. A radicado that isn't digits gets a safe, unique name."""
    if RADICADO.fullmatch(numero_radicado):
        return numero_radicado
    digest = hashlib.sha256(numero_radicado.encode()).hexdigest()[:12]
    return f"{safe_name(numero_radicado, set()).lstrip('. ')}-{digest}"


@dataclass(slots=True)
class Draft:
    """A capture being written; visible to nobody until `CaptureStore.draft` ends without an error."""

    folder: Path
    files: list[CapturedFile]
    names: set[str]
    missing: Sequence[MissingFile] = ()

    def add(self, clase: Clase, nombre: str, data: bytes) -> None:
        """Keep one file. `nombre` is what the portal calls it."""
        attached = clase is Clase.ADJUNTO
        ruta = f"{ATTACHMENTS_DIR}/{safe_name(nombre, self.names)}" if attached else nombre
        path = self.folder / ruta
        path.parent.mkdir(exist_ok=True)
        write_durably(path, data)
        self.files.append(CapturedFile(clase, nombre, ruta, len(data), hashlib.sha256(data).hexdigest()))


@dataclass(frozen=True, slots=True)
class CaptureStore:
    """The captures of one company and day below `data_dir`."""

    data_dir: Path
    company: str
    day: date

    @property
    def folder(self) -> Path:
        return self.data_dir / "raw" / self.company / self.day.isoformat()

    def path_of(self, manifest: Manifest, file: CapturedFile) -> Path:
        return self.folder / folder_name(manifest.numero_radicado) / file.ruta

    def recover(self) -> None:
        """Undo what a killed capture left half done, and set aside what isn't a capture any more.

        A folder taken away is put back and an unfinished one dropped; one without a manifest, or with a file
        that was altered, is set aside, so that its PQR counts as not captured.
        Raises UnreadableCaptureError: what can't be read isn't known to be broken.
        """
        if not self.folder.is_dir():
            return
        for folder in self._visible_folders():
            self._set_aside_if_unsound(folder)
        for replaced in self.folder.glob(f"{REPLACED_PREFIX}*"):
            current = self.folder / replaced.name.removeprefix(REPLACED_PREFIX)
            if not current.exists():
                replaced.rename(current)
                self._set_aside_if_unsound(current)
            elif self.missing_files(self._read_manifest(current)):
                self._set_aside(replaced, current.name)
            else:
                shutil.rmtree(replaced)
        for draft in self.folder.glob(f"{DRAFT_PREFIX}*"):
            shutil.rmtree(draft)

    def _set_aside_if_unsound(self, folder: Path) -> None:
        if not self._is_sound(folder):
            self._set_aside(folder, folder.name)

    def _set_aside(self, folder: Path, name: str) -> None:
        folder.rename(self.folder / f"{BROKEN_PREFIX}{datetime.now(BOGOTA):{ASIDE_TIME}}-{name}")

    def set_aside(self) -> list[Path]:
        """The folders that `recover` took out of the way, oldest first."""
        return sorted(self.folder.glob(f"{BROKEN_PREFIX}*")) if self.folder.is_dir() else []

    def hashes_beside(self, aside: Path) -> set[str]:
        """SHA-256 of the files of the sound capture that stands where `aside` stood; none without one.

        Raises UnreadableCaptureError.
        """
        found = _ASIDE.fullmatch(aside.name)
        folder = self.folder / found["name"] if found else None
        if folder is None or not folder.is_dir() or not self._is_sound(folder):
            return set()
        files = self._read_manifest(folder).archivos
        return {file.hash_archivo for file in files if (folder / file.ruta).is_file()}

    def _is_sound(self, folder: Path) -> bool:
        """Whether each file that is there holds what the manifest says; `missing_files` tells what isn't."""
        try:
            manifest = self._read_manifest(folder)
        except BrokenCaptureError:
            return False
        there = ((folder / file.ruta, file.hash_archivo) for file in manifest.archivos)
        with self._naming(folder):
            return all(sha256_of(path) == digest for path, digest in there if path.is_file())

    @contextmanager
    def _naming(self, folder: Path) -> Iterator[None]:
        """What the disk refuses, as an error that names the capture and no file, whose name people chose."""
        try:
            yield
        except OSError as error:
            why = errno.errorcode.get(error.errno or 0, type(error).__name__)
            where = f"{self.company} {self.day} radicado {folder.name}"
            raise UnreadableCaptureError(f"{where}: the disk doesn't give it out ({why})") from None

    def _visible_folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if not path.name.startswith("."))

    def _read_manifest(self, folder: Path) -> Manifest:
        with self._naming(folder):
            try:
                return Manifest.from_json((folder / MANIFEST_NAME).read_bytes())
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError) as error:
                where = f"{self.company} {self.day} radicado {folder.name}"
                raise BrokenCaptureError(f"{where}: no manifest ({type(error).__name__})") from error

    def record_outcome(self, failures: dict[str, str]) -> None:
        """Say that the day was looked at, and which listed PQR could not be captured, by fault's name."""
        data = json.dumps({"fallas": failures}, ensure_ascii=False, indent=2) + "\n"
        replace_atomically(self.folder / OUTCOME_NAME, data.encode())

    def outcome(self) -> dict[str, str]:
        """The PQR that the last capture could not get, and why. Raises NotCapturedError before the first."""
        path = self.folder / OUTCOME_NAME
        if not path.is_file():
            raise NotCapturedError(self.company, self.day)
        failures: dict[str, str] = json.loads(path.read_bytes())["fallas"]
        return failures

    def manifests(self) -> dict[str, Manifest]:
        """Every capture by radicado. Raises BrokenCaptureError for a folder without a manifest,
        UnreadableCaptureError.
        """
        manifests = [self._read_manifest(folder) for folder in self._visible_folders()]
        return {manifest.numero_radicado: manifest for manifest in manifests}

    def manifest(self, numero_radicado: str) -> Manifest | None:
        """The capture of one PQR, None without one. Raises BrokenCaptureError, UnreadableCaptureError."""
        folder = self.folder / folder_name(numero_radicado)
        return self._read_manifest(folder) if folder.is_dir() else None

    def missing_files(self, manifest: Manifest) -> list[CapturedFile]:
        """The files of a manifest that are gone from disk or have another size.

        Raises UnreadableCaptureError.
        """
        missing = []
        with self._naming(self.folder / folder_name(manifest.numero_radicado)):
            for file in manifest.archivos:
                path = self.path_of(manifest, file)
                if not path.is_file() or path.stat().st_size != file.tamano:
                    missing.append(file)
        return missing

    def read(self, manifest: Manifest, clase: Clase) -> bytes:
        """The first file of a class. Raises BrokenCaptureError when the bytes aren't the manifest's,
        UnreadableCaptureError.
        """
        file = next(file for file in manifest.archivos if file.clase is clase)
        path = self.path_of(manifest, file)
        where = f"{self.company} {self.day} radicado {manifest.numero_radicado}"
        with self._naming(path.parent):
            if not path.is_file() or sha256_of(path) != file.hash_archivo:
                raise BrokenCaptureError(f"{where}: {file.ruta} is gone or altered since it was captured")
            return path.read_bytes()

    def read_pqr(self, manifest: Manifest) -> Pqr:
        """The record of a capture. Raises what `read` does, and ValueError for bytes that aren't a record."""
        return Pqr.from_json(self.read(manifest, Clase.JSON))

    @contextmanager
    def draft(self, numero_radicado: str, huella_lista: str, extraido_en: datetime) -> Iterator[Draft]:
        """Write one capture; it appears, replacing an older one, when the block ends without an error."""
        name = folder_name(numero_radicado)
        beside = self.folder / f"{DRAFT_PREFIX}{name}"
        final, replaced = self.folder / name, self.folder / f"{REPLACED_PREFIX}{name}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        draft = Draft(beside, [], set())
        try:
            yield draft
            files, missing = tuple(draft.files), tuple(draft.missing)
            manifest = Manifest(
                self.company, self.day, numero_radicado, huella_lista, extraido_en, files, missing
            )
            write_durably(beside / MANIFEST_NAME, manifest.to_json())
            for folder in {beside, *(path.parent for path in beside.rglob("*"))}:
                sync_directory(folder)
            if final.exists():
                final.rename(replaced)
            beside.rename(final)
            sync_directory(self.folder)
            shutil.rmtree(replaced, ignore_errors=True)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
