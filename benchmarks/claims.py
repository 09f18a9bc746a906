"""Made-up claims in bulk: no value belongs to a person, and the same seed gives the same bytes."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ov_assets.pqr.csv_contract import row_of, write_company_csv
from ov_assets.pqr.record import FIELDS, Pqr

FIRST_WALK = datetime(2025, 10, 14, 9, 0, tzinfo=UTC)
SECOND_WALK = FIRST_WALK + timedelta(hours=2)
TEXT = (
    "el consumo facturado no corresponde con la lectura del medidor del predio y solicito revisión técnica "
    "porque el valor cobrado aumentó sin explicación desde el mes pasado según anexo adjunto gracias"
)
WORDS = TEXT.split()


def rows(count: int, *, edited: float = 0.0, walk: datetime = FIRST_WALK) -> Iterator[dict[str, str]]:
    """Rows of a company CSV, about 570 bytes each; of `edited`, a share, the comment says something else."""
    random_of = random.Random(7)
    for number in range(count):
        body = " ".join(random_of.choices(WORDS, k=37))
        values = dict.fromkeys(FIELDS, "") | {
            "nic": f"{7_000_000 + number % 900_000:08d}",
            "fecha": f"2025/10/13 {number % 24:02d}:{number % 60:02d}",
            "documento_identidad": f"{random_of.randrange(10**9):010d}",
            "nombres_apellidos": f"PERSONA DE PRUEBA {number:07d}",
            "correo_electronico": f"prueba{number}@ejemplo.invalid",
            "telefono": "6055550100",
            "celular": "3005550100",
            "tipo_pqr": "Reclamo por facturación",
            "canal_respuesta": "Correo electrónico",
            "cuerpo_reclamacion": body,
            "numero_radicado": f"{900_000_000 + number:010d}",
            "estado_solicitud": "Finalizado",
            "numero_reclamo_sgc": f"RE221{number:09d}",
            "comentarios": "Se da respuesta al usuario",
        }
        if number % 1000 < edited * 1000:
            values["comentarios"] = "Se amplía la respuesta al usuario"
        yield row_of("afinia", Pqr.of(values), walk)


def write(path: Path, count: int, *, edited: float = 0.0, walk: datetime = FIRST_WALK) -> None:
    write_company_csv(path, rows(count, edited=edited, walk=walk))
