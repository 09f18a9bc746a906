"""Files that an upload gave up on for now: which they are, for a person to send them again."""

from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg.rows import class_row

from ov_assets.rds.connection import private_errors, query
from ov_assets.rds.registry import Estado

RELEASABLE = (Estado.ERROR, Estado.CONFLICTO, Estado.FALTA_LOCAL)


@dataclass(frozen=True, slots=True)
class Parked:
    """A row that isn't tried now. fecha: its file's. motivo: a code, or empty."""

    id: int
    empresa: str
    fecha: date
    clave_s3: str
    estado_carga: str
    motivo: str


@private_errors
def parked(
    conn: psycopg.Connection,
    bucket: str,
    estado: Estado,
    company: str | None = None,
    first: date | None = None,
    last: date | None = None,
    reason: str = "",
) -> list[Parked]:
    """The rows in one state, of the days `first` to `last`, whose last error begins with `reason`.

    An error that was told as permanent is found by the text after that word. Raises RdsError.
    """
    params = {
        "bucket": bucket,
        "estado": estado,
        "empresa": company,
        "desde": first,
        "hasta": last,
        "motivo": reason.removeprefix("permanente: "),
    }
    with conn.transaction(), conn.cursor(row_factory=class_row(Parked)) as cursor:
        return cursor.execute(query("requeue_parked"), params).fetchall()
