"""How far each day of a company has come: listed, loaded, rejected, on file, in S3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import psycopg

from ov_assets.pqr.manifest import MissingFile
from ov_assets.rds.connection import company_query, private_errors


@dataclass(frozen=True, slots=True)
class DayStatus:
    """Counts of one company and date.

    listadas: PQR that the portal lists; of them listadas_en_rds in the company's table, sin_cargar neither
    there nor in quarantine. filas: PQR in the table, listed or not. rechazadas: rejects that wait.
    archivos: current files. subidos: those with an object `subido` or `pre_existente`. pendientes: the
    others. por_estado: current files with a row in the registry, by its state. faltantes: by radicado, the
    attachments that the portal names and didn't hand out.
    """

    empresa: str
    fecha: date
    listadas: int
    listadas_en_rds: int
    sin_cargar: int
    filas: int
    rechazadas: int
    archivos: int
    subidos: int
    pendientes: int
    por_estado: dict[str, int]
    faltantes: Mapping[str, Sequence[MissingFile]] = field(default_factory=dict)


@private_errors
def status(
    conn: psycopg.Connection, company: str, first_day: date, last_day: date, bucket: str
) -> list[DayStatus]:
    """One entry per day from `first_day` to `last_day`, both included, in order.

    Raises UnknownCompanyError, DatabaseDownError, DatabaseError.
    """
    days = {"empresa": company, "desde": first_day, "hasta": last_day, "bucket": bucket}
    with conn.transaction():
        rows = conn.execute(company_query("status", company), days).fetchall()
    return [DayStatus(company, *(*row[:-1], _by_radicado(row[-1]))) for row in rows]


def _by_radicado(missing: dict[str, list[dict]]) -> dict[str, list[MissingFile]]:
    return {radicado: [*map(MissingFile.from_json, files)] for radicado, files in missing.items()}
