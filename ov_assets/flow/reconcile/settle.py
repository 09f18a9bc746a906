"""What a reconciliation does about each kind of finding. Nothing is deleted or overwritten."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import psycopg

from ov_assets.flow.reconcile.finding import Accion, Finding, Local
from ov_assets.flow.reconcile.keys import SHARED_FOLDERS
from ov_assets.rds import adoption, registry
from ov_assets.rds import reconcile as rows
from ov_assets.s3 import objects
from ov_assets.s3.compare import Digest
from ov_assets.s3.objects import Refused
from ov_assets.s3.store import Bucket

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Settled:
    """changed: rows and objects, by action. refused: keys whose object S3 alone won't copy, and its code."""

    changed: Counter[str]
    refused: Mapping[str, str]


def settle(
    conn: psycopg.Connection,
    bucket: Bucket,
    findings: Sequence[Finding],
    uploads: Sequence[objects.Incomplete],
    read_at: datetime,
) -> Settled:
    """What was changed, and what S3 refused.

    In batches, each in a transaction of its own: what a kill leaves undone, the next run finds again.
    read_at: when the registry was read, by the database's clock. Raises RdsError and S3Error.
    """
    changed: Counter[str] = Counter()
    refused: dict[str, str] = {}
    for upload in uploads:
        objects.abort(bucket, upload)
        changed[Accion.ABORTAR] += 1
    for action in set(Accion) - {Accion.NINGUNA}:
        waiting = iter([finding for finding in findings if finding.accion is action])
        while batch := list(islice(waiting, BATCH)):
            if action is Accion.CUARENTENA:
                changed[action] += _quarantine(conn, bucket, batch, refused)
            else:
                changed[action] += _edge(conn, bucket, action, batch, read_at)
            conn.commit()
    return Settled(+changed, refused)


def _quarantine(
    conn: psycopg.Connection, bucket: Bucket, batch: Sequence[Finding], refused: dict[str, str]
) -> int:
    """Copy, and note what was copied; `refused` gets the rest."""
    keys = [objects.quarantine_key(finding.clave) for finding in batch]
    copies = [objects.Copy(f.clave, key, _digest(f)) for f, key in zip(batch, keys, strict=True)]
    notes = []
    for finding, key, done in zip(batch, keys, objects.copy_each(bucket, copies), strict=True):
        if isinstance(done, Refused):
            refused[finding.clave] = done.codigo
        elif done:
            notes.append(_note(finding, key))
    return adoption.note(conn, bucket.name, notes, bucket.settings.region)


def _edge(
    conn: psycopg.Connection,
    bucket: Bucket,
    action: Accion,
    batch: Sequence[Finding],
    read_at: datetime,
) -> int:
    """One kind of action on a batch; how many rows took it."""
    region = bucket.settings.region
    ids = [finding.registro_id for finding in batch if finding.registro_id is not None]
    match action:
        case Accion.ENLAZAR:
            links = [adoption.Link(_id(f.registro_id), _id(f.archivo_id), _digest(f).etag) for f in batch]
            return adoption.link(conn, bucket.name, links)
        case Accion.ADOPTAR:
            adopted = [registry.Found(_id(f.archivo_id), f.clave, _digest(f).etag) for f in batch]
            return registry.adopt(conn, bucket.name, adopted, region)
        case Accion.ANOTAR:
            return adoption.note(conn, bucket.name, [_note(f) for f in batch], region)
        case Accion.SUBIDO | Accion.VERIFICAR:
            seen = [
                rows.Seen(_id(f.registro_id), _digest(f).etag, _digest(f).sha256, f.tamano) for f in batch
            ]
            return rows.mark_seen(conn, bucket.name, seen)
        case Accion.PLANIFICAR:
            return registry.plan(conn, bucket.name, [_plan(f) for f in batch], region)
        case Accion.REENCOLAR:
            return registry.requeue(conn, ids)
        case Accion.FALTA_S3:
            with conn.transaction():
                marked = registry.mark_missing_in_s3(conn, ids, read_at)
                gone = [_id(f.registro_id) for f in batch if f.local is not Local.IGUAL]
                rows.mark_gone(conn, gone, read_at)
            return marked
        case Accion.FALTA_LOCAL:
            return rows.mark_gone(conn, ids, read_at)
        case Accion.CONFLICTO:
            failed = [registry.Failed(id_, "otros_bytes") for id_ in ids]
            new = [f for f in batch if f.registro_id is None]
            planned = [registry.Planned(_id(f.archivo_id), f.clave, registry.Estado.CONFLICTO) for f in new]
            with conn.transaction():
                return rows.mark_conflict(conn, failed, read_at) + registry.plan(
                    conn, bucket.name, planned, region
                )
    return 0


def _plan(finding: Finding) -> registry.Planned:
    there = finding.local is Local.IGUAL
    state = registry.Estado.PENDIENTE if there else registry.Estado.FALTA_LOCAL
    return registry.Planned(_id(finding.archivo_id), finding.clave, state)


def _note(finding: Finding, quarantine: str | None = None) -> adoption.Note:
    digest = _digest(finding)
    company = finding.empresa or SHARED_FOLDERS[0]
    return adoption.Note(
        company, finding.clave, digest.sha256, finding.tamano, digest.etag, finding.motivo, quarantine
    )


def _id(value: int | None) -> int:
    assert value is not None
    return value


def _digest(finding: Finding) -> Digest:
    assert finding.digest is not None
    return finding.digest
