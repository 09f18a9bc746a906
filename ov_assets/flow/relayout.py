"""`ov s3 migrate`: every settled object to the key that a layout gives it. The wiring only."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg

from ov_assets.pqr.manifest import Clase
from ov_assets.rds import layout as registry
from ov_assets.rds.locks import advisory_lock
from ov_assets.s3.keys import Layout, object_key
from ov_assets.s3.layout_migration import Move, Paso, copy_all, prune
from ov_assets.s3.store import Bucket

BATCH = 200


@dataclass(slots=True)
class Report:
    """objetos: settled objects. en_su_sitio: at their key already. pasos: outcomes of the others.

    cambiados: rows that were switched. bytes: what the copies hold. sin_mover: keys that need a person.
    An error among the outcomes has S3's code.
    """

    objetos: int = 0
    en_su_sitio: int = 0
    por_mover: int = 0
    bytes: int = 0
    cambiados: int = 0
    podados: int = 0
    por_podar: int = 0
    pasos: Counter[str] = field(default_factory=Counter)
    sin_mover: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.en_su_sitio + self.cambiados == self.objetos


def migrate(
    conn: psycopg.Connection,
    bucket: Bucket,
    layout: Layout,
    company: str | None = None,
    *,
    dry_run: bool = False,
    on_batch: Callable[[Report], None] | None = None,
) -> Report:
    """Copy, verify and switch, batch by batch; the old objects stay until `prune_old`.

    May be killed and repeated at any time: a key is a function of the file, a copy that is there is not made
    again, and a row has one of its two keys at every moment.
    Raises LockBusyError when another one is at it, RdsError and S3Error.
    """
    report = Report()
    with advisory_lock(conn, "reconcile", bucket.name):
        moves = _plan(conn, bucket, layout, company, report)
        for start in range(0, 0 if dry_run else len(moves), BATCH):
            done = copy_all(bucket, moves[start : start + BATCH])
            copied = [moved for moved in done if moved.paso is Paso.COPIADO]
            report.cambiados += registry.switch(
                conn, [registry.Switch(m.move.id, m.move.anterior, m.move.nueva, m.etag) for m in copied]
            )
            conn.commit()
            report.pasos.update(moved.outcome for moved in done)
            report.sin_mover += [m.move.anterior for m in done if m.paso is not Paso.COPIADO]
            if on_batch:
                on_batch(report)
    return report


def prune_old(
    conn: psycopg.Connection, bucket: Bucket, report: Report, company: str | None, grace: timedelta
) -> None:
    """Delete what migrations left behind longer than `grace` ago, once its new object was verified again."""
    with advisory_lock(conn, "reconcile", bucket.name):
        old = registry.previous(conn, bucket.name, company, grace)
        by_move = {Move(row.id, row.anterior, row.clave_s3, row.hash_archivo): row for row in old}
        gone: list[registry.Previous] = []

        def deleted(move: Move) -> None:
            gone.append(by_move[move])
            if len(gone) == BATCH:
                _forget(conn, report, gone)

        kept = list(prune(bucket, by_move, deleted))
        _forget(conn, report, gone)
        report.por_podar += len(kept)


def _forget(conn: psycopg.Connection, report: Report, gone: list[registry.Previous]) -> None:
    registry.forget(conn, gone)
    conn.commit()
    report.podados += len(gone)
    gone.clear()


def _plan(
    conn: psycopg.Connection, bucket: Bucket, layout: Layout, company: str | None, report: Report
) -> list[Move]:
    rows = registry.settled(conn, bucket.name, company)
    held = registry.held_keys(conn, bucket.name, company)
    moves: list[Move] = []
    for row in rows:
        number, here = 1, False
        while (key := _key(layout, row, number)) in held and not (here := key == row.clave_s3):
            number += 1
        if not here:
            held.add(key)
            moves.append(Move(row.id, row.clave_s3, key, row.hash_archivo))
            report.bytes += row.tamano
    report.objetos, report.por_mover = len(rows), len(moves)
    report.en_su_sitio = len(rows) - len(moves)
    return moves


def _key(layout: Layout, row: registry.Settled, number: int) -> str:
    return object_key(
        layout,
        company=row.empresa,
        day=row.fecha,
        clase=Clase(row.clase),
        numero_radicado=row.numero_radicado,
        nombre=row.nombre_archivo,
        hash_archivo=row.hash_archivo,
        number=number,
    )
