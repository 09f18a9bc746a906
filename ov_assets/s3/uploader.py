"""Bring files into the bucket: many at once, never over something else, and one outcome for each.

A PUT carries the SHA-256 of its bytes, which S3 verifies and keeps, and `If-None-Match: *`. So an object is
whole or not there, and of two uploaders one wins; the other compares hashes and finds its work done.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import obstore
import stamina
from obstore.exceptions import AlreadyExistsError

from ov_assets.s3.compare import same_bytes
from ov_assets.s3.content_type import content_type
from ov_assets.s3.errors import OBSTORE_ERRORS, S3DownError, S3Error, S3PassingError, s3_error
from ov_assets.s3.inventory import BucketObject, bare_etag
from ov_assets.s3.keys import extension
from ov_assets.s3.multipart import Sent, put_multipart
from ov_assets.s3.odd_key import is_odd, put_at_odd_key
from ov_assets.s3.store import Bucket

READ_INLINE_BYTES = 1 << 20


class Resultado(StrEnum):
    """What became of an item. `ya_estaba`: the key held the same bytes already."""

    SUBIDO = "subido"
    YA_ESTABA = "ya_estaba"
    CONFLICTO = "conflicto"
    FALTA_LOCAL = "falta_local"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class UploadItem:
    """A file to bring to a key. id: the caller's own. hash_archivo: SHA-256 that the file must have."""

    id: int
    clave: str
    path: Path
    hash_archivo: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item.

    tamano: bytes in S3. etag: without quotes. detalle: a code, where there was no upload; no personal data.
    permanente: another try can't help.
    """

    item: UploadItem
    resultado: Resultado
    tamano: int = 0
    etag: str | None = None
    tipo_contenido: str | None = None
    detalle: str = ""
    permanente: bool = False

    @property
    def in_s3(self) -> bool:
        return self.resultado in {Resultado.SUBIDO, Resultado.YA_ESTABA}


@dataclass(frozen=True, slots=True)
class Limits:
    """concurrency: items at once, of which `large_at_once` over 4 MiB, so that memory stays bounded.

    multipart_bytes: from this size on, a file is sent in parts of part_bytes and never held whole.
    attempts, retry_seconds: for errors that may pass. passing_in_a_row: then S3 counts as down.
    """

    concurrency: int = 32
    large_at_once: int = 3
    large_bytes: int = 4 << 20
    multipart_bytes: int = 64 << 20
    part_bytes: int = 16 << 20
    batch: int = 200
    attempts: int = 4
    retry_seconds: float = 30.0
    passing_in_a_row: int = 20


OnBatch = Callable[[Sequence[Outcome]], None]


async def upload_many(
    bucket: Bucket, items: Iterable[UploadItem], limits: Limits | None = None, on_batch: OnBatch | None = None
) -> list[Outcome]:
    """Upload all items; their outcomes, in the order of completion, also go to `on_batch` as they come.

    Raises S3DownError, S3AccessDeniedError or S3BucketMissingError when no other item could fare better:
    what was finished has been handed to `on_batch` then, and the other items have no outcome.
    What `on_batch` raises stops the upload and goes up as it is.
    """
    return await _Upload(bucket, iter(items), limits or Limits(), on_batch).run()


class _Upload:
    def __init__(self, bucket: Bucket, items: Iterable[UploadItem], limits: Limits, on_batch: OnBatch | None):
        self.bucket, self.items, self.limits, self.on_batch = bucket, items, limits, on_batch
        self.outcomes: list[Outcome] = []
        self.delivered = 0
        self.in_a_row = 0
        self.stopped = False
        # Items of which a try ended without an answer: what is at their key after that is our own.
        self.unanswered: set[int] = set()
        self.large = asyncio.Semaphore(limits.large_at_once)

    async def run(self) -> list[Outcome]:
        workers = (self._worker() for _ in range(self.limits.concurrency))
        ended = await asyncio.gather(*workers, return_exceptions=True)
        failures = [error for error in ended if error is not None]
        if all(isinstance(error, S3Error) for error in failures):
            self._deliver()
        if failures:
            raise failures[0]
        return self.outcomes

    async def _worker(self) -> None:
        clean = False
        try:
            for item in self.items:
                if self.stopped:
                    break
                self._finished(await self._outcome(item))
            clean = True
        finally:
            # Others finish the item that they are at: cancelling would leave a PUT whose end nobody knows.
            self.stopped = self.stopped or not clean

    def _finished(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if len(self.outcomes) - self.delivered >= self.limits.batch:
            self._deliver()
        passing = outcome.resultado is Resultado.ERROR and not outcome.permanente
        self.in_a_row = self.in_a_row + 1 if passing else 0
        if self.in_a_row >= self.limits.passing_in_a_row:
            raise S3DownError(f"{self.in_a_row} uploads in a row to {self.bucket.name}: {outcome.detalle}")

    def _deliver(self) -> None:
        batch = self.outcomes[self.delivered :]
        self.delivered = len(self.outcomes)
        if batch and self.on_batch:
            self.on_batch(batch)

    async def _outcome(self, item: UploadItem) -> Outcome:
        try:
            size = item.path.stat().st_size
            if size >= self.limits.multipart_bytes:
                return await self._retried(lambda: asyncio.to_thread(self._send_in_parts, item))
            if size <= self.limits.large_bytes:
                return await self._send(item, size)
            async with self.large:
                return await self._send(item, size)
        except (FileNotFoundError, NotADirectoryError):
            return Outcome(item, Resultado.FALTA_LOCAL, detalle="no_esta_en_disco")
        except OSError as error:
            return Outcome(item, Resultado.ERROR, detalle=f"disco: {type(error).__name__}")
        except S3Error as error:
            if error.fatal:
                raise
            detail = f"s3: {error.status or ''} {error.code or ''}".strip()
            return Outcome(item, Resultado.ERROR, detalle=detail, permanente=not error.passing)

    async def _send(self, item: UploadItem, size: int) -> Outcome:
        # A thread costs more than reading and hashing a small file does.
        small = size <= READ_INLINE_BYTES
        data, digest = _read(item.path) if small else await asyncio.to_thread(_read, item.path)
        if digest != item.hash_archivo:
            return Outcome(item, Resultado.FALTA_LOCAL, detalle="alterado_en_disco")
        return await self._retried(lambda: self._put(item, data))

    async def _put(self, item: UploadItem, data: bytes) -> Outcome:
        media_type = content_type(data, extension(item.path.name))
        if is_odd(item.clave):
            return await asyncio.to_thread(self._put_at_odd_key, item, data, media_type)
        attributes = {"Content-Type": media_type, "sha256": item.hash_archivo}
        if self.bucket.settings.storage_class:
            attributes["Storage-Class"] = self.bucket.settings.storage_class
        try:
            put = await obstore.put_async(
                self.bucket.objects, item.clave, data, mode="create", attributes=attributes
            )
        except AlreadyExistsError:
            return await asyncio.to_thread(self._already_there, item, len(data), media_type)
        except OBSTORE_ERRORS as error:
            self.unanswered.add(item.id)
            raise s3_error(error, f"PUT {item.clave}") from error
        return Outcome(item, Resultado.SUBIDO, len(data), bare_etag(put["e_tag"]), media_type)

    def _put_at_odd_key(self, item: UploadItem, data: bytes, media_type: str) -> Outcome:
        return self._sent(
            item, lambda: put_at_odd_key(self.bucket, item.clave, data, item.hash_archivo, media_type)
        )

    def _send_in_parts(self, item: UploadItem) -> Outcome:
        part_bytes = self.limits.part_bytes
        return self._sent(
            item, lambda: put_multipart(self.bucket, item.clave, item.path, item.hash_archivo, part_bytes)
        )

    def _sent(self, item: UploadItem, send: Callable[[], Sent]) -> Outcome:
        try:
            sent = send()
        except S3Error:
            self.unanswered.add(item.id)
            raise
        if sent.altered:
            return Outcome(item, Resultado.FALTA_LOCAL, detalle="alterado_en_disco")
        if sent.exists:
            return self._already_there(item, sent.size, sent.media_type)
        return Outcome(item, Resultado.SUBIDO, sent.size, sent.etag, sent.media_type)

    def _already_there(self, item: UploadItem, size: int, media_type: str) -> Outcome:
        same, etag = same_bytes(self.bucket, item.clave, size, item.hash_archivo)
        if same:
            result = Resultado.SUBIDO if item.id in self.unanswered else Resultado.YA_ESTABA
            return Outcome(item, result, size, etag, media_type)
        return Outcome(item, Resultado.CONFLICTO, detalle=f"otros_bytes etag={etag}", permanente=True)

    async def _retried(self, attempt: Callable) -> Outcome:
        # Nearly every upload needs one attempt; setting up stamina costs more than reading and hashing 50 kB.
        try:
            return await attempt()
        except S3PassingError as error:
            failed = error
        # The context form, because stamina writes the arguments of a call, our bytes, into its log.
        retries = stamina.retry_context(
            on=S3PassingError,
            attempts=self.limits.attempts,
            timeout=self.limits.retry_seconds,
            wait_initial=0.2,
        )
        async for trial in retries:
            with trial:
                if trial.num == 1:
                    raise failed
                return await attempt()
        raise AssertionError("stamina ends with a value or an error")


def _read(path: Path) -> tuple[bytes, str]:
    data = path.read_bytes()
    return data, hashlib.sha256(data).hexdigest()


def unconfirmed(outcomes: Iterable[Outcome], listing: Iterable[BucketObject]) -> list[tuple[Outcome, str]]:
    """The outcomes that say "in S3" and that a listing does not confirm, with the reason as a code.

    The server has verified each SHA-256; this confirms presence, size and ETag without a HEAD an object.
    """
    listed = {item.key: item for item in listing}
    found = []
    for outcome in outcomes:
        if not outcome.in_s3:
            continue
        item = listed.get(outcome.item.clave)
        if item is None:
            found.append((outcome, "no_esta_en_s3"))
        elif item.size != outcome.tamano:
            found.append((outcome, "otro_tamano"))
        elif outcome.etag and item.etag != outcome.etag:
            found.append((outcome, "otro_etag"))
    return found
