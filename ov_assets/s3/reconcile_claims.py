"""Whose bytes are these? A file on record is taken only when the hash and the claim match.

The same attachment in two claims has one hash: a hash alone never says whose it is, unless one file has it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from ov_assets.s3.reconcile_keys import Named

# empresa -> what a claim was once called -> the radicados that may be meant
Numbers = Mapping[str, Mapping[str, frozenset[str]]]


class File(Protocol):
    """A file on record. hash_archivo: SHA-256, hex. ruta_local: below the data directory."""

    @property
    def archivo_id(self) -> int: ...
    @property
    def empresa(self) -> str: ...
    @property
    def numero_radicado(self) -> str: ...
    @property
    def clase(self) -> str: ...
    @property
    def nombre(self) -> str: ...
    @property
    def hash_archivo(self) -> str: ...
    @property
    def tamano(self) -> int: ...
    @property
    def ruta_local(self) -> str: ...


class Claims:
    """The files on record that have no object yet, to be taken one by one."""

    def __init__(self, files: Iterable[File], numbers: Numbers) -> None:
        self.numbers = numbers
        self.free: dict[str, list[File]] = defaultdict(list)
        self.settled: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for file in sorted(files, key=lambda f: (f.empresa, f.numero_radicado, f.clase, f.nombre)):
            self.free[file.hash_archivo].append(file)

    def settle(self, empresa: str, numero_radicado: str, sha256: str) -> None:
        """Note that this claim has an object with these bytes, so that another one is a copy."""
        self.settled[sha256].add((empresa, numero_radicado))

    def take(self, name: Named, sha256: str) -> tuple[File | None, str]:
        """The file that an object belongs to, which nothing else gets then; or none, and why.

        `copia`: the claim has these bytes already. `otro_reclamo`: only other claims have them. `ambiguo`:
        several claims have them and nothing tells which. `desconocido`: no file on record has them.
        """
        by_hash = [
            file
            for file in self.free[sha256]
            if name.empresa in (None, file.empresa) and name.clase in (None, file.clase)
        ]
        meant = self._meant(name)
        if name.numero:
            meant |= {(f.empresa, f.numero_radicado) for f in by_hash if f.numero_radicado == name.numero}
        mine = [file for file in by_hash if not meant or (file.empresa, file.numero_radicado) in meant]
        owners = {(file.empresa, file.numero_radicado) for file in mine}
        if len(owners) == 1:
            self.use(mine[0])
            return mine[0], ""
        if owners:
            return None, "ambiguo"
        held = self.settled[sha256]
        if held & meant or (not meant and any(name.empresa in (None, empresa) for empresa, _ in held)):
            return None, "copia"
        return None, "otro_reclamo" if held or self.free[sha256] else "desconocido"

    def use(self, file: File) -> None:
        """Take `file` out: it has its object."""
        self.free[file.hash_archivo].remove(file)
        self.settle(file.empresa, file.numero_radicado, file.hash_archivo)

    def _meant(self, name: Named) -> set[tuple[str, str]]:
        companies = [name.empresa] if name.empresa else list(self.numbers)
        return {
            (company, radicado)
            for company in companies
            for radicado in self.numbers.get(company, {}).get(name.numero, ())
        }
