"""The objects' part of a change of layout: each copied on the server's side, verified, and the old one kept.

Nothing here remembers anything: a copy that is there already is verified instead of made, so whatever kills a
migration, the next one goes on where it ended.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from ov_assets.s3.compare import digest
from ov_assets.s3.errors import BOTO_ERRORS, S3AccessDeniedError, S3Error, s3_error
from ov_assets.s3.objects import copy, may_copy, refusal
from ov_assets.s3.store import Bucket

WORKERS = 16


class Paso(StrEnum):
    """What became of one object. `otros_bytes`: something else stands at the new key, and stays there."""

    COPIADO = "copiado"
    FALTA_S3 = "falta_s3"
    ALTERADO = "alterado"
    OTROS_BYTES = "otros_bytes"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Move:
    """An object to bring to another key. id: the caller's own. sha256: what it must hold, hex."""

    id: int
    anterior: str
    nueva: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of it. etag: of the verified copy, without quotes. error: why it is none."""

    move: Move
    paso: Paso
    etag: str = ""
    error: S3Error | None = None

    @property
    def outcome(self) -> str:
        """The step, and what S3 said."""
        return f"{self.paso} {refusal(self.error).codigo}" if self.error else self.paso.value


def copy_all(bucket: Bucket, moves: Sequence[Move]) -> list[Moved]:
    """Copy and verify by SHA-256, several at once; nothing is overwritten, nothing deleted.

    What S3 answers to one object alone is its outcome. Raises S3Error when no other may be copied either,
    S3DownError, S3RegionError or S3BucketMissingError.
    """
    with ThreadPoolExecutor(WORKERS) as pool:
        done = list(pool.map(lambda move: _copy(bucket, move), moves))
    refused = next((m for m in done if m.error and not m.error.passing), None)
    if refused and refused.error and not may_copy(bucket, refused.move.anterior, refused.move.nueva):
        raise refused.error
    return done


def _copy(bucket: Bucket, move: Move) -> Moved:
    try:
        source = digest(bucket, move.anterior)
        if source is None:
            return Moved(move, Paso.FALTA_S3)
        if source.sha256 != move.sha256:
            return Moved(move, Paso.ALTERADO)
        target = copy(bucket, move.anterior, move.nueva, source)
        return Moved(move, Paso.COPIADO, target.etag) if target else Moved(move, Paso.OTROS_BYTES)
    except S3Error as error:
        if error.fatal and not isinstance(error, S3AccessDeniedError):
            raise
        return Moved(move, Paso.ERROR, error=error)


def prune(bucket: Bucket, old: Iterable[Move], on_deleted: Callable[[Move], None]) -> Iterator[Move]:
    """Delete each old object whose new one was seen with the same SHA-256 a moment before; yield the others.

    `on_deleted` is called after each. Raises S3Error. In a versioned bucket the old version stays.
    """
    for move in old:
        target = digest(bucket, move.nueva)
        if move.anterior == move.nueva or target is None or target.sha256 != move.sha256:
            yield move
            continue
        try:
            bucket.client.delete_object(Bucket=bucket.name, Key=move.anterior)
        except BOTO_ERRORS as error:
            raise s3_error(error, f"DELETE {move.anterior}") from error
        on_deleted(move)
