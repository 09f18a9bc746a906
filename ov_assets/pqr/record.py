"""One PQR as the portal shows it: 18 labelled fields, all text. Imports nothing of the project."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

RADICADO = re.compile(r"[0-9]{1,50}")


def normalise(text: str) -> str:
    """NFC, line ends as `\\n`, trimmed. Nothing else: zeros, letters, case and inner blanks survive."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def canonical_label(label: str) -> str:
    """A label in the form in which two spellings of it compare equal.

    Trimmed, NFC, inner blanks folded, no trailing colon, `Nº` and `N°` alike, case apart.
    """
    folded = re.sub(r"\s+", " ", normalise(label)).rstrip(":").rstrip()
    return folded.replace("º", "°").casefold()


@dataclass(frozen=True, slots=True)
class Pqr:
    """The 18 fields, and whatever else the page showed under a label that nobody knows yet."""

    nic: str
    fecha: str
    documento_identidad: str
    nombres_apellidos: str
    lectura: str
    correo_electronico: str
    telefono: str
    celular: str
    tipo_pqr: str
    canal_respuesta: str
    documento_prueba: str
    cuerpo_reclamacion: str
    numero_radicado: str
    estado_solicitud: str
    finalizar: str
    adjuntar_archivo: str
    numero_reclamo_sgc: str
    comentarios: str
    otros_campos: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, shown: Mapping[str, str], otros: Iterable[tuple[str, str]] = ()) -> "Pqr":
        """A record from raw page text. Every one of the 18 keys must be there; raises KeyError otherwise.

        otros: label and text of all else, in the order of the page. What one label says several times is kept
        as several lines.
        """
        values = {name: normalise(shown[name]) for name in FIELDS}
        others: dict[str, list[str]] = {}
        for label, text in otros:
            others.setdefault(normalise(label), []).append(normalise(text))
        return cls(
            **values, otros_campos={label: "\n".join(texts) for label, texts in sorted(others.items())}
        )

    def business_fields(self) -> dict[str, str]:
        """The 18 fields in the order of the page."""
        return {name: getattr(self, name) for name in FIELDS}

    def to_json(self) -> bytes:
        """Deterministic UTF-8 bytes of `pqr.json`: fixed order, two-space indent, a final line end."""
        document = self.business_fields() | {"otros_campos": dict(self.otros_campos)}
        return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Pqr":
        """Read `pqr.json` back. Raises ValueError for bytes that aren't such a document."""
        document = json.loads(data)
        if not isinstance(document, dict):
            raise ValueError("pqr.json does not hold an object")
        others = document.pop("otros_campos", {})
        names = {spec.name for spec in fields(cls)} - {"otros_campos"}
        if set(document) != names or not all(isinstance(value, str) for value in document.values()):
            raise ValueError("pqr.json does not hold exactly the 18 text fields")
        return cls(**document, otros_campos=others)


FIELDS: tuple[str, ...] = tuple(spec.name for spec in fields(Pqr) if spec.name != "otros_campos")
