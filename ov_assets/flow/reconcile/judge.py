"""Disk × registry × bucket, path by path: who has what, whether that is in order, and what would settle it.

A pure judgement: what it needs was read before, and it changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ov_assets.flow.reconcile.claims import Claims
from ov_assets.flow.reconcile.finding import LOST, UNREAD, Accion, Finding, Local
from ov_assets.flow.reconcile.keys import Named, named
from ov_assets.rds.reconcile import File, Row
from ov_assets.rds.registry import SETTLED
from ov_assets.s3.compare import Digest
from ov_assets.s3.inventory import BucketObject
from ov_assets.s3.objects import Refused


@dataclass(frozen=True, slots=True)
class World:
    """What was read. objects: by key. digest: of an object that `to_verify` named; None if it went away.

    previous: keys that a migration left behind, kept until they are pruned. key_of: the key that a file gets.
    adoptable_before: objects that are younger may be an upload in flight, and are left alone.
    """

    rows: Iterable[Row]
    files: Iterable[File]
    objects: Mapping[str, BucketObject]
    previous: frozenset[str]
    claims: Claims
    digest: Callable[[str], Digest | Refused | None]
    on_disk: Callable[[str, int, str], Local]
    key_of: Callable[[File, int], str]
    adoptable_before: datetime


def to_verify(rows: Iterable[Row], objects: Mapping[str, BucketObject], before: datetime) -> list[str]:
    """The keys whose bytes have to be known: no row, none verified so far, or not what was verified."""
    known, keys = set(), []
    for row in rows:
        known.add(row.clave_s3)
        item = objects.get(row.clave_s3)
        if item and not row.en_curso and not _verified(row, item):
            keys.append(item.key)
    orphans = (o.key for o in objects.values() if o.key not in known and o.last_modified < before)
    return sorted({*keys, *orphans})


def _verified(row: Row, item: BucketObject) -> bool:
    """Whether the object is the one whose bytes were compared with the row's before."""
    return (row.estado_carga in SETTLED or row.en_cuarentena) and row.etag == item.etag


def classify(world: World) -> list[Finding]:
    """One finding a path, sorted by key."""
    rows = list(world.rows)
    known = {row.clave_s3 for row in rows} | world.previous
    for row in rows:
        if row.archivo_id is not None:
            world.claims.settle(row.empresa, row.numero_radicado or "", row.hash_archivo or "")
    findings = [finding for row in rows if (finding := _row(world, row))]
    findings += [Finding("-", key, "copia_anterior") for key in world.previous if key in world.objects]

    orphans = {key: item for key, item in world.objects.items() if key not in known}
    linked = {finding.archivo_id for finding in findings}
    planned = _planned(world, known, linked)
    for key in planned.keys() & orphans.keys():
        findings.append(_at_its_key(world, orphans.pop(key), planned.pop(key)))
    for item in orphans.values():
        findings.append(finding := _orphan(world, item))
        linked.add(finding.archivo_id)
    findings += [_unregistered(world, key, f) for key, f in planned.items() if f.archivo_id not in linked]
    return sorted(findings, key=lambda finding: finding.clave)


def _planned(world: World, known: set[str], linked: set[int | None]) -> dict[str, File]:
    """The key of each file that has no object yet; the order is fixed, so the numbers are always the same."""
    planned: dict[str, File] = {}
    files = (file for file in world.files if file.archivo_id not in linked)
    for file in sorted(
        files, key=lambda f: (f.empresa, f.numero_radicado, f.clase, f.nombre, f.hash_archivo)
    ):
        number = 1
        while (key := world.key_of(file, number)) in known or key in planned:
            number += 1
        planned[key] = file
    return planned


def _local(world: World, file: File) -> Local:
    return world.on_disk(file.ruta_local, file.tamano, file.hash_archivo)


def _symbol(local: Local, same: bool | None) -> str:
    """same: whether the object has the bytes on record; None without an object."""
    if same is None:
        return "!" if local is Local.AUSENTE else "+"
    if local is Local.AUSENTE:
        return "-"
    return "=" if same and local is Local.IGUAL else "*"


def _unregistered(world: World, key: str, file: File) -> Finding:
    local = _local(world, file)
    reason = "sin_registro" if local is Local.IGUAL else "falta_local"
    symbol = _symbol(local, None)
    return Finding(symbol, key, reason, Accion.PLANIFICAR, file.empresa, None, file.archivo_id, local)


def _at_its_key(world: World, item: BucketObject, file: File) -> Finding:
    """An object without a row at the very key that a file would get."""
    local, digest = _local(world, file), world.digest(item.key)
    world.claims.use(file)
    if not isinstance(digest, Digest):
        young = digest is None and item.last_modified >= world.adoptable_before
        reason = "reciente" if young else UNREAD
        return Finding(
            _symbol(local, item.size == file.tamano),
            item.key,
            reason,
            empresa=file.empresa,
            archivo_id=file.archivo_id,
            detalle=_why(digest),
        )
    same = digest.sha256 == file.hash_archivo
    return Finding(
        _symbol(local, same),
        item.key,
        "sin_registro" if same else "otros_bytes",
        Accion.ADOPTAR if same else Accion.CONFLICTO,
        file.empresa,
        archivo_id=file.archivo_id,
        local=local,
        digest=digest,
        tamano=item.size,
    )


def _orphan(world: World, item: BucketObject) -> Finding:
    """An object that no row knows: adopt it when hash and claim match, keep it safe otherwise."""
    name = named(item.key)
    if item.last_modified >= world.adoptable_before:
        return Finding("-", item.key, "reciente", empresa=name.empresa)
    digest = world.digest(item.key)
    if not isinstance(digest, Digest):
        return Finding("-", item.key, UNREAD, empresa=name.empresa, detalle=_why(digest))
    file, why = world.claims.take(name, digest.sha256)
    if file:
        local = _local(world, file)
        return Finding(
            _symbol(local, True),
            item.key,
            "sin_registro",
            Accion.ADOPTAR,
            file.empresa,
            archivo_id=file.archivo_id,
            local=local,
            digest=digest,
            tamano=item.size,
        )
    action = Accion.ANOTAR if why == "copia" else Accion.CUARENTENA
    return Finding("-", item.key, why, action, name.empresa, digest=digest, tamano=item.size)


def _row(world: World, row: Row) -> Finding | None:
    local = Local.AUSENTE
    if row.vigente and row.ruta_local is not None:
        local = world.on_disk(row.ruta_local, row.tamano_archivo or 0, row.hash_archivo or "")
    item = world.objects.get(row.clave_s3)

    def found(
        same: bool | None,
        reason: str,
        action: Accion = Accion.NINGUNA,
        file: File | None = None,
        digest: Digest | None = None,
        detail: str = "",
    ) -> Finding:
        on_disk = _local(world, file) if file else local
        size, file_id = (item.size if item else 0), (file.archivo_id if file else row.archivo_id)
        symbol = _symbol(on_disk, same)
        return Finding(
            symbol, row.clave_s3, reason, action, row.empresa, row.id, file_id, on_disk, digest, size, detail
        )

    if row.en_curso:
        return found(None if item is None else item.size == row.tamano_archivo, "en_curso")
    if item is None:
        if row.solo_plan:
            return found(None, "plan_sin_archivo")
        if row.estado_carga in {*SETTLED, "conflicto"}:
            return found(None, "falta_s3" if row.vigente else LOST, Accion.FALTA_S3)
        if row.perdido and not row.vigente:
            return found(None, LOST)
        if row.estado_carga == "falta_local" and local is Local.IGUAL:
            return found(None, "vuelve_a_estar_en_disco", Accion.REENCOLAR)
        if row.archivo_id is not None and not row.vigente:
            return None  # a version that was replaced before it was ever uploaded
        if local is Local.IGUAL:
            return found(None, row.estado_carga)
        waiting = row.estado_carga in {"pendiente", "error", "falta_s3"}
        return found(None, "falta_local", Accion.FALTA_LOCAL if waiting else Accion.NINGUNA)
    digest: Digest | None = None
    if not (verified := _verified(row, item)):
        read = world.digest(row.clave_s3)
        if not isinstance(read, Digest):
            return found(item.size == row.tamano_archivo, UNREAD, detail=_why(read))
        digest = read
    sha256 = digest.sha256 if digest else row.hash_archivo or ""
    if row.hash_archivo and sha256 != row.hash_archivo:
        settled = row.estado_carga == "conflicto"
        return found(False, "otros_bytes", Accion.NINGUNA if settled else Accion.CONFLICTO, digest=digest)
    if row.archivo_id is None:
        file, why = world.claims.take(named_by(row), sha256)
        if file:
            return found(True, "sin_archivo", Accion.ENLAZAR, file, digest or Digest(sha256, item.etag))
        if row.en_cuarentena:
            return found(True, "en_cuarentena")
        reason = "copia" if why == "copia" else "sin_archivo"
        return found(True, reason, Accion.NINGUNA if verified else Accion.VERIFICAR, digest=digest)
    if row.estado_carga not in SETTLED:
        return found(True, "en_s3_sin_anotar", Accion.SUBIDO, digest=digest)
    if not verified:
        return found(True, "etag_nuevo", Accion.VERIFICAR, digest=digest)
    if local is Local.OTRO:
        return found(True, "alterado_en_disco")
    if local is Local.AUSENTE:
        return found(True, "solo_en_s3" if row.vigente else "version_anterior")
    return found(True, "")


def _why(refused: Refused | None) -> str:
    """None: it went away between the listing and the reading."""
    return refused.codigo if refused else "se_fue"


def named_by(row: Row) -> Named:
    """What a row without a file says of its claim: its own columns, and its key for the rest."""
    name = named(row.clave_s3)
    return Named(row.empresa, (row.numero_reclamo_sgc or "").strip() or name.numero, name.clase)
