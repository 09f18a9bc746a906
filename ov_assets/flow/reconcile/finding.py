"""What a reconciliation says of one path, and what `--apply` does about it.

The symbols are those of `rclone check --combined` with the files on disk as source and the bucket as
destination; the reason and the action say what the registry adds to that.
"""

from dataclasses import dataclass
from enum import StrEnum

from ov_assets.s3.compare import Digest

UNREAD = "no_se_pudo_leer"
UNCOPIED = "no_se_pudo_copiar"
LOST = "perdido"  # no file on record, or an older version of one: nothing will bring its object back
# In order, though disk and bucket differ or nothing can be said yet.
FINE = {
    *("", "en_curso", "solo_en_s3", "version_anterior", "sin_archivo"),
    *("copia", "copia_anterior", "en_cuarentena", "plan_sin_archivo"),
}


class Local(StrEnum):
    """A file on disk against what is on record. AUSENTE: not there, or no longer the current version."""

    IGUAL = "igual"
    OTRO = "otro"
    AUSENTE = "ausente"


class Accion(StrEnum):
    """What `--apply` does about a finding. Nothing is ever deleted or overwritten."""

    NINGUNA = ""
    ENLAZAR = "enlazar"  # a row of the predecessor's gets its file: pre_existente
    ADOPTAR = "adoptar"  # an object gets a row, with its file: pre_existente
    ANOTAR = "anotar"  # an object gets a row without a file: another copy of what is registered
    CUARENTENA = "cuarentena"  # the object is copied to the quarantine prefix and noted as conflicto
    SUBIDO = "subido"  # the row's upload had reached S3 all along
    VERIFICAR = "verificar"  # the row gets the ETag of the bytes that were verified
    PLANIFICAR = "planificar"
    REENCOLAR = "reencolar"
    FALTA_S3 = "falta_s3"
    FALTA_LOCAL = "falta_local"
    CONFLICTO = "conflicto"
    ABORTAR = "abortar"

    @property
    def settles(self) -> bool:
        """Whether nothing is left to do afterwards, neither for the uploader nor for a person."""
        return self in SETTLING


# The states that a look at the bucket may set by itself; each waits for an uploader, a capture or a person.
STATES = frozenset({Accion.FALTA_S3, Accion.FALTA_LOCAL, Accion.CONFLICTO})
# What the next run of a partition mends, whoever asks for it.
WAITING = {Accion.FALTA_S3, Accion.FALTA_LOCAL, Accion.PLANIFICAR, Accion.REENCOLAR, Accion.SUBIDO}
SETTLING = frozenset(
    {
        *(Accion.ENLAZAR, Accion.ADOPTAR, Accion.ANOTAR, Accion.CUARENTENA),
        *(Accion.SUBIDO, Accion.VERIFICAR, Accion.ABORTAR),
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One path. simbolo: `=` `-` `+` `*` as rclone's, `!` when nobody has the bytes. motivo: a code.

    detalle: what S3 said of an object that can't be read or copied.
    """

    simbolo: str
    clave: str
    motivo: str
    accion: Accion = Accion.NINGUNA
    empresa: str | None = None
    registro_id: int | None = None
    archivo_id: int | None = None
    local: Local = Local.AUSENTE
    digest: Digest | None = None
    tamano: int = 0
    detalle: str = ""

    @property
    def in_order(self) -> bool:
        return self.accion is Accion.NINGUNA and self.motivo in FINE

    @property
    def is_state(self) -> bool:
        """Whether its action is nothing but a new state of a row that is there."""
        return self.accion in STATES and self.registro_id is not None

    @property
    def for_a_person(self) -> bool:
        """Whether no uploader, no capture and no state in the registry will see to it."""
        if self.in_order or self.motivo in {"reciente", "pendiente", "error", "falta_s3", "falta_local"}:
            return False
        told_by_state = self.motivo == "otros_bytes" and self.registro_id is not None
        return self.motivo == LOST or not (told_by_state or self.accion in WAITING)

    @property
    def left_over(self) -> bool:
        """Whether `--apply` leaves something to do for the uploader or for a person."""
        return not (self.in_order or self.accion.settles)
