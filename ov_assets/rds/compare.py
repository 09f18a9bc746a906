"""A company CSV against the company's table, without trusting any counter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg

from ov_assets.rds.connection import company_query, private_errors


@dataclass(frozen=True, slots=True)
class Differences:
    """How the PQR of a CSV stand in the table; of one that occurs twice the newest row is compared.

    iguales: how many the table has with the same hash. The others by radicado, in order; mas_nuevas: another
    hash, captured later than the CSV's row. faltan: the table has no such PQR. distintas: another hash, and
    the table isn't newer.
    """

    iguales: int
    mas_nuevas: list[str]
    faltan: list[str]
    distintas: list[str]


@private_errors
def csv_equals_table(
    conn: psycopg.Connection, company: str, csv_rows: Iterable[Mapping[str, str]]
) -> Differences:
    """Compare rows of a CSV (`numero_radicado`, `hash_registro`, `extraido_en`) with the company's table.

    A row that the load rejected isn't in the table: leave it out, or expect it among `faltan`.
    Raises UnknownCompanyError, DatabaseDownError, DatabaseError.
    """
    rows = [(row["numero_radicado"], row["hash_registro"], row["extraido_en"]) for row in csv_rows]
    with conn.transaction():
        counts = conn.execute(
            company_query("compare_csv", company),
            {
                "radicados": [row[0].replace("\x00", "") for row in rows],
                "hashes": [row[1].replace("\x00", "") for row in rows],
                "instantes": [row[2].replace("\x00", "") for row in rows],
            },
        ).fetchone()
    assert counts is not None
    return Differences(*counts)
