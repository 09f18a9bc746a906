"""Reconcile disk, registry and bucket: read all three, judge, and on demand settle what can be settled.

The wiring only: the judgement is in `judge`, what is done about it in `settle`, the registry is in `rds`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg

from ov_assets.companies import COMPANIES
from ov_assets.days import FIRST_DAY, today
from ov_assets.flow.reconcile.claims import Claims
from ov_assets.flow.reconcile.finding import UNCOPIED, Accion, Finding, Local
from ov_assets.flow.reconcile.judge import World, classify, to_verify
from ov_assets.flow.reconcile.keys import named, raw_prefixes
from ov_assets.flow.reconcile.settle import settle
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.manifest import Clase
from ov_assets.rds import adoption
from ov_assets.rds import reconcile as rows
from ov_assets.rds.locks import advisory_lock
from ov_assets.s3 import objects
from ov_assets.s3.inventory import BucketObject, list_keys, list_objects
from ov_assets.s3.keys import Layout, object_key, partition_prefixes
from ov_assets.s3.store import Bucket

MOST_CHANGES, MOST_SHARE = 1000, 0.10


class TooManyChangesError(Exception):
    """More would be changed than a normal day explains; nothing was. The cap is an option."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to look at, and how far to go.

    first, last: days of the files, inclusive; without both, everything below the known prefixes is looked at.
    seventh: 0 to 6, every seventh day only, counted from FIRST_DAY. apply: settle what can be settled.
    note: write the states falta_s3, falta_local and conflicto of rows, and nothing else; `apply` does, too.
    min_age: younger objects without a row may be uploads in flight. multipart_age: older uploads are aborted.
    max_changes: None means 1,000 or a tenth of the paths, whichever is more. quick: sizes instead of hashes
    of the local files.
    """

    company: str | None = None
    first: date | None = None
    last: date | None = None
    apply: bool = False
    min_age: timedelta = timedelta(hours=1)
    multipart_age: timedelta = timedelta(hours=24)
    max_changes: int | None = None
    quick: bool = False
    note: bool = False
    seventh: int | None = None

    @property
    def whole(self) -> bool:
        return self.first is None and self.last is None and self.seventh is None

    @property
    def companies(self) -> list[str]:
        return [self.company] if self.company else list(COMPANIES)

    def prefixes(self, layout: Layout) -> list[str]:
        if self.seventh is not None:
            return []  # only what is on record: years of days would be thousands of listings
        if self.whole:
            return raw_prefixes(self.company)
        first, last = self.first or FIRST_DAY, self.last or today()
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return sorted(
            {
                prefix
                for company in self.companies
                for day in days
                for prefix in partition_prefixes(layout, company, day)
            }
        )


@dataclass(frozen=True, slots=True)
class Report:
    """findings: one a path. incomplete: uploads to abort. changed: rows and objects by action."""

    findings: Sequence[Finding]
    incomplete: Sequence[objects.Incomplete]
    changed: Counter[str]
    applied: bool

    @property
    def reasons(self) -> Counter[str]:
        """Paths by motivo; `en_orden` for those that nothing is said about."""
        return Counter(finding.motivo or "en_orden" for finding in self.findings)

    @property
    def agrees(self) -> bool:
        """Whether nothing is left to do: before, or after `apply`."""
        if self.applied:
            asked = Counter(finding.accion for finding in self.findings if finding.accion.settles)
            left_over = any(finding.left_over for finding in self.findings)
            return not left_over and all(self.changed[action] == count for action, count in asked.items())
        return not self.incomplete and all(finding.in_order for finding in self.findings)


def reconcile(
    conn: psycopg.Connection, bucket: Bucket, data_dir: Path, layout: Layout, request: Request
) -> Report:
    """Compare, and with `request.apply` settle.

    Raises TooManyChangesError, LockBusyError when another one is at it, RdsError and S3Error.
    """
    with advisory_lock(conn, "reconcile", bucket.name):
        scope = rows.Scope(
            bucket.name, request.company, request.first, request.last, request.seventh, FIRST_DAY
        )
        found, files, read_at = rows.read(conn, scope)
        # Listed after the rows were read: what a row calls uploaded has to be there by now.
        keys = [row.clave_s3 for row in found]
        if request.seventh is not None:
            keys += [key_of(layout, file) for file in files]
        listed = _list(bucket, request.prefixes(layout), keys)
        known, previous = rows.known_keys(
            conn, bucket.name, sorted(listed.keys() - {row.clave_s3 for row in found})
        )
        for key in known:
            del listed[key]  # a row of another day's, or planned since the rows were read
        now = datetime.now(UTC)
        digests = objects.digests(bucket, to_verify(found, listed, now - request.min_age))
        named_numbers = {row.numero_reclamo_sgc for row in found} | {
            named(key).numero for key in listed.keys() | {row.clave_s3 for row in found}
        }
        world = World(
            found,
            files,
            listed,
            frozenset(previous),
            Claims(
                files,
                {
                    company: adoption.numbers(conn, company, (n.strip() for n in named_numbers if n))
                    for company in request.companies
                },
            ),
            digests.get,
            lambda ruta, size, sha256: _on_disk(data_dir / ruta, size, sha256, request.quick),
            lambda file, number: key_of(layout, file, number),
            now - request.min_age,
        )
        findings = classify(world)
        if not request.whole:
            findings = [_only_told(finding) for finding in findings]
        uploads = list(
            objects.incomplete_uploads(bucket, request.prefixes(layout), now - request.multipart_age)
        )
        changed: Counter[str] = Counter()
        if request.apply or request.note:
            asked = [f for f in findings if f.is_state or (request.apply and f.accion is not Accion.NINGUNA)]
            aborted = uploads if request.apply else []
            _cap(len(asked) + len(aborted), len(findings), request.max_changes)
            settled = settle(conn, bucket, asked, aborted, read_at)
            conn.commit()
            changed = settled.changed
            findings = [_uncopied(finding, settled.refused) for finding in findings]
        return Report(findings, uploads, changed, request.apply)


def key_of(layout: Layout, file: rows.File, number: int = 1) -> str:
    """The object key that a file on record gets."""
    return object_key(
        layout,
        company=file.empresa,
        day=file.fecha,
        clase=Clase(file.clase),
        numero_radicado=file.numero_radicado,
        nombre=file.nombre,
        hash_archivo=file.hash_archivo,
        number=number,
    )


def _list(bucket: Bucket, prefixes: list[str], keys: Iterable[str]) -> dict[str, BucketObject]:
    """The objects below the prefixes, and those at keys outside of them."""
    found = {item.key: item for item in list_objects(bucket, prefixes)}
    below = tuple(prefixes)
    elsewhere = [key for key in keys if not key.startswith(below)]
    return found | {item.key: item for item in list_keys(bucket, elsewhere)}


def _on_disk(path: Path, size: int, sha256: str, quick: bool) -> Local:
    if not path.is_file():
        return Local.AUSENTE
    same = path.stat().st_size == size and (quick or sha256_of(path) == sha256)
    return Local.IGUAL if same else Local.OTRO


def _only_told(finding: Finding) -> Finding:
    """Of some days only some files were read: what matches none of them may still be another day's."""
    if finding.accion in {Accion.CUARENTENA, Accion.ANOTAR}:
        return replace(finding, accion=Accion.NINGUNA)
    return finding


def _uncopied(finding: Finding, refused: Mapping[str, str]) -> Finding:
    """What S3 wouldn't copy to the quarantine is told as such; nothing was done about it."""
    if (code := refused.get(finding.clave)) is None:
        return finding
    return replace(finding, motivo=UNCOPIED, accion=Accion.NINGUNA, detalle=code)


def _cap(changes: int, paths: int, given: int | None) -> None:
    most = max(MOST_CHANGES, int(paths * MOST_SHARE)) if given is None else given
    if changes > most:
        raise TooManyChangesError(
            f"{changes} changes, and {most} are allowed (--max-changes); nothing was changed"
        )
