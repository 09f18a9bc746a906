"""Whose bytes are these? A file on record is taken only when the hash and the claim match.

The same attachment in two claims has one hash: a hash alone never says whose it is, unless one file has it.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ov_assets.flow.reconcile.keys import Named
from ov_assets.rds.reconcile import File

# empresa -> what a claim was once called -> the radicados that may be meant
Numbers = Mapping[str, Mapping[str, frozenset[str]]]


Owner = tuple[str, str]  # empresa, numero_radicado


class Claims:
    """The files on record that have no object yet, to be taken one by one.

    They stand under all that a key may say of them (company and class, one of the two, or neither), so that
    what is asked costs the same however many files share a hash. Ordered dicts: their first is at hand even
    after thousands before it were taken out.
    """

    def __init__(self, files: Iterable[File], numbers: Numbers) -> None:
        files = sorted(files, key=lambda f: (f.empresa, f.numero_radicado, f.clase, f.nombre))
        self.numbers = numbers
        self.companies = {*numbers, *(file.empresa for file in files)}
        self.free: dict[_Said, OrderedDict[Owner, OrderedDict[int, File]]] = {}
        self.settled: dict[str, set[Owner]] = defaultdict(set)
        self.settled_companies: set[tuple[str, str]] = set()
        for file in files:
            for said in _said_of(file):
                owners = self.free.setdefault(said, OrderedDict())
                owners.setdefault(_owner(file), OrderedDict())[file.archivo_id] = file

    def settle(self, empresa: str, numero_radicado: str, sha256: str) -> None:
        """Note that this claim has an object with these bytes, so that another one is a copy."""
        self.settled[sha256].add((empresa, numero_radicado))
        self.settled_companies.add((sha256, empresa))

    def take(self, name: Named, sha256: str) -> tuple[File | None, str]:
        """The file that an object belongs to, which nothing else gets then; or none, and why.

        `copia`: the claim has these bytes already. `otro_reclamo`: only other claims have them. `ambiguo`:
        several claims have them and nothing tells which. `desconocido`: no file on record has them.
        """
        free = self.free.get((sha256, name.empresa, name.clase), OrderedDict())
        companies = {name.empresa} if name.empresa else self.companies
        meant = self._meant(name, companies)
        if name.numero:
            meant |= {owner for company in companies if (owner := (company, name.numero)) in free}
        owners = [owner for owner in meant if owner in free] if meant else free
        if len(owners) == 1:
            file = next(iter(free[next(iter(owners))].values()))
            self.use(file)
            return file, ""
        if owners:
            return None, "ambiguo"
        held = self.settled.get(sha256, set())
        if meant:
            copied = bool(held & meant)
        else:
            copied = (sha256, name.empresa) in self.settled_companies if name.empresa else bool(held)
        if copied:
            return None, "copia"
        return None, "otro_reclamo" if held or (sha256, None, None) in self.free else "desconocido"

    def use(self, file: File) -> None:
        """Take `file` out: it has its object."""
        owner = _owner(file)
        for said in _said_of(file):
            del self.free[said][owner][file.archivo_id]
            if not self.free[said][owner]:
                del self.free[said][owner]
            if not self.free[said]:
                del self.free[said]
        self.settle(file.empresa, file.numero_radicado, file.hash_archivo)

    def _meant(self, name: Named, companies: Iterable[str]) -> set[Owner]:
        return {
            (company, radicado)
            for company in companies
            for radicado in self.numbers.get(company, {}).get(name.numero, ())
        }


_Said = tuple[str, str | None, str | None]


def _owner(file: File) -> Owner:
    return file.empresa, file.numero_radicado


def _said_of(file: File) -> Iterator[_Said]:
    for company in (file.empresa, None):
        for clase in (file.clase, None):
            yield file.hash_archivo, company, clase
