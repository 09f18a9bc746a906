"""What a PQR says: the 18 fields of the detail page, exactly as the portal shows them.

The values are awkward on purpose, in the ways in which real ones are: leading zeros, check digits, decomposed
accents, line breaks, quotes, text that looks like a formula, a null or a tag. Whatever lies between the
portal and the database has to carry them unharmed.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from random import Random
from typing import NamedTuple

from . import words
from .world import Stub, World

FIELDS = (
    ("nic", "NIC"),
    ("fecha", "Fecha"),
    ("documento_identidad", "Documento de identidad"),
    ("nombres_apellidos", "Nombres y Apellidos"),
    ("lectura", "Lectura"),
    ("correo_electronico", "Correo electrónico"),
    ("telefono", "Teléfono"),
    ("celular", "Celular"),
    ("tipo_pqr", "Tipo de PQR"),
    ("canal_respuesta", "Canal de respuesta"),
    ("documento_prueba", "Documento/prueba"),
    ("cuerpo_reclamacion", "Cuerpo de la reclamación"),
    ("numero_radicado", "N° Radicado PQR"),
    ("estado_solicitud", "Estado Solicitud"),
    ("finalizar", "Finalizar"),
    ("adjuntar_archivo", "Adjuntar archivo"),
    ("numero_reclamo_sgc", "Número Reclamo SGC"),
    ("comentarios", "Comentarios"),
)
"""JSON key and on-page label, in the order of the page."""

KEYS = tuple(key for key, _ in FIELDS)
FECHA_FORMAT = "%Y/%m/%d %H:%M"
_NIT_WEIGHTS = (3, 7, 13, 17, 19, 23, 29, 37, 41)


class Content(NamedTuple):
    """The fields that depend neither on state nor on attachments, and how late the SGC number arrives."""

    campos: dict[str, str]
    barrio: str
    sgc_delay_ms: int


class FieldMaker:
    """Makes the content of a PQR from its key alone."""

    def __init__(self, world: World):
        self._world = world
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, stub: Stub) -> Content:
        rng = self._world.random("fields", stub.company, stub.key)
        name, document, given = _person(rng)
        sgc = _sgc(rng, stub)
        campos = {
            "nic": _nic(rng),
            "fecha": stub.fecha.strftime(FECHA_FORMAT),
            "documento_identidad": document,
            "nombres_apellidos": name,
            "lectura": _mostly_blank(rng, 0.85, lambda: f"{rng.randrange(10**5):05d}"),
            "correo_electronico": _mostly_blank(
                rng, 0.08, lambda: f"{given}.{rng.randrange(1000)}@example.{rng.choice(('com', 'org'))}"
            ),
            "telefono": _mostly_blank(rng, 0.35, lambda: _phone(rng)),
            "celular": _mostly_blank(rng, 0.1, lambda: f"300000{rng.randrange(10**4):04d}"),
            "tipo_pqr": rng.choice(words.TIPOS),
            "canal_respuesta": rng.choice(words.CANALES),
            "cuerpo_reclamacion": _body(rng),
            "numero_radicado": stub.numero_radicado,
            "finalizar": "",
            "adjuntar_archivo": _mostly_blank(rng, 0.7, lambda: f"respuesta_{rng.randrange(10**6):06d}.pdf"),
            "numero_reclamo_sgc": sgc,
            "comentarios": _comment(rng),
        }
        delay = rng.randint(300, 1200) if sgc and rng.random() < 0.08 else 0
        return Content(campos, rng.choice(words.BARRIOS), delay)


def _mostly_blank(rng: Random, blank_share: float, make) -> str:
    """Draw the value even when it is not shown, so that one field never changes the next."""
    value = make()
    return "" if rng.random() < blank_share else value


def _person(rng: Random) -> tuple[str, str, str]:
    given, first, second = rng.choice(words.NOMBRES), rng.choice(words.APELLIDOS), rng.choice(words.APELLIDOS)
    name = f"{given} {first} {second}"
    kind = rng.random()
    if kind < 0.12:
        name = f"{rng.choice(words.EMPRESAS)} {rng.randrange(1, 99)} S.A.S."
        document = nit(900_000_000 + rng.randrange(999_999))
    elif kind < 0.18:
        document = f"{rng.choice('ABCD')}{rng.choice('BNX')}{rng.randrange(10**6):06d}"
    elif kind < 0.22:
        document = ""
    elif kind < 0.28:
        document = f"00{rng.randrange(10**6):06d}"
    else:
        document = str(rng.choice((1_000_000_000, 70_000_000, 900_000)) + rng.randrange(90_000))
    shape = rng.random()
    if shape < 0.12:
        name = unicodedata.normalize("NFD", name)
    elif shape < 0.16:
        name = name.title()
    elif shape < 0.19:
        name = f" {name}  "
    elif shape < 0.2:
        name = rng.choice(("NULL", "NaN", "None", "TRUE", "=NOMBRE()", 'JUAN;PÉREZ, "EL MONO"'))
    plain = unicodedata.normalize("NFD", given.split()[0].lower()).encode("ascii", "ignore").decode()
    return name, document, plain


def nit(number: int) -> str:
    """A company's tax number with its check digit, computed as the tax office does."""
    rest = (
        sum(int(digit) * weight for digit, weight in zip(reversed(str(number)), _NIT_WEIGHTS, strict=True))
        % 11
    )
    return f"{number}-{rest if rest < 2 else 11 - rest}"


def _nic(rng: Random) -> str:
    if rng.random() < 0.15:
        return f"{rng.randrange(10**5):07d}"
    return str(rng.choice((7_000_000, 7_000_000, 7_000_000, 2_000_000, 400_000)) + rng.randrange(90_000))


def _phone(rng: Random) -> str:
    number = f"{rng.randrange(10**4):04d}"
    return rng.choice((f"605000{number}", f"+57605000{number}", f"000{number}", f"605000{number} ext. 2"))


def _sgc(rng: Random, stub: Stub) -> str:
    """Typed by people: mostly well-formed, sometimes blank, a bare number, or the one of another PQR."""
    kind = rng.random()
    office = rng.choice(("3180", "2210", "4440"))
    if kind < 0.07:
        return ""
    if kind < 0.11:
        return f"{10_000_000 + rng.randrange(80_000_000)}"
    if kind < 0.15:
        return f"RE{office}{stub.fecha.year}{stub.fecha.month:05d}"
    return f"RE{office}{stub.fecha.year}{rng.randrange(100, 100_000):05d}"


def _body(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.18:
        return rng.choice(words.RARE_BODIES)
    paragraphs = rng.sample(words.QUEJAS, rng.choice((1, 1, 2, 3)))
    if kind > 0.95:
        paragraphs = [*words.QUEJAS] * rng.randint(2, 5)
    return "\n".join([*paragraphs, rng.choice(words.CIERRES)])


def _comment(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.45:
        return ""
    return rng.choice(words.RARE_COMMENTS) if kind < 0.55 else rng.choice(words.COMMENTS)
