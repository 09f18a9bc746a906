"""PostgreSQL (RDS): whether it answers, may be used, and is as this version needs it."""

import re
from collections.abc import Iterator
from contextlib import closing

import psycopg

from ov_assets.operations.doctor.diagnosis import Area, Diagnosis
from ov_assets.rds import migrate
from ov_assets.rds.connection import DatabaseError, RdsError, connect
from ov_assets.rds.drift import drift
from ov_assets.rds.server import VERSIONS, major_version, missing_grants
from ov_assets.settings import Settings

AREA = Area("PostgreSQL")
CONNECTS, VERSION, GRANTS, MIGRATIONS, DRIFT = "conecta", "versión", "permisos", "migraciones", "esquema"
SHOWN = 5
# What the server or the library says of a connection that fails, in English or Spanish → the mend.
CONNECTION_MENDS = (
    (r"authentication failed|autentificación", "Revise RDS_USERNAME y RDS_PASSWORD."),
    (r"pg_hba", "El servidor no admite esta dirección, o exige TLS: revise RDS_SSL_MODE y sus reglas."),
    (r"SSL|certificate", "Revise RDS_SSL_MODE y el certificado de RDS."),
    (r"does not exist|no existe", "Revise RDS_DATABASE y RDS_USERNAME: uno no existe."),
    (r"permission denied|permiso denegado", "Dé CONNECT sobre la base al usuario de RDS_USERNAME."),
)
NETWORK_MEND = "Revise que RDS esté encendido, RDS_HOST, RDS_PORT y la red (grupo de seguridad)."


def look() -> Iterator[Diagnosis]:
    conninfo = Settings().rds_conninfo()
    try:
        connection = connect(conninfo)
    except RdsError as error:
        yield AREA.bad(CONNECTS, str(error), _connection_mend(str(error)))
        for cosa in (VERSION, GRANTS, MIGRATIONS, DRIFT):
            yield AREA.unseen(cosa, "no hay conexión")
        return
    with closing(connection):
        yield AREA.good(CONNECTS, f"{conninfo['host']}:{conninfo['port']}/{conninfo['dbname']}")
        yield _version(connection)
        yield _grants(connection)
        yield from _schema(connection)


def _connection_mend(said: str) -> str:
    mends = (mend for pattern, mend in CONNECTION_MENDS if re.search(pattern, said))
    return next(mends, NETWORK_MEND)


def _version(connection: psycopg.Connection) -> Diagnosis:
    major, wanted = major_version(connection), f"{VERSIONS.start} a {VERSIONS.stop - 1}"
    if major in VERSIONS:
        return AREA.good(VERSION, f"PostgreSQL {major}")
    return AREA.bad(VERSION, f"PostgreSQL {major}", f"ov_assets está probado con {wanted}: use una de esas.")


def _grants(connection: psycopg.Connection) -> Diagnosis:
    missing = missing_grants(connection)
    if not missing:
        return AREA.good(GRANTS, f"los que usa el flujo, para {connection.info.user}")
    by_object: dict[tuple[str, str], list[str]] = {}
    for grant in missing:
        by_object.setdefault((grant.kind, grant.object), []).append(grant.right)
    by_rights: dict[tuple[str, str], list[str]] = {}
    for (kind, name), rights in by_object.items():
        by_rights.setdefault((", ".join(rights), kind), []).append(name)
    grants = [f"GRANT {rights} ON {kind} {', '.join(names)}" for (rights, kind), names in by_rights.items()]
    mend = "; ".join(f"{grant} TO {connection.info.user}" for grant in grants)
    return AREA.bad(
        GRANTS,
        _some([f"falta {', '.join(rights)} en {name}" for (_, name), rights in by_object.items()]),
        f"El dueño de la base ejecuta: {mend}.",
    )


def _schema(connection: psycopg.Connection) -> Iterator[Diagnosis]:
    head = migrate.head()
    try:
        at = migrate.current(Settings().rds_conninfo())
    except DatabaseError as error:
        yield AREA.unseen(MIGRATIONS, str(error))
    else:
        if at == head:
            yield AREA.good(MIGRATIONS, f"al día ({head})")
        else:
            yield AREA.bad(
                MIGRATIONS, f"está en {at or 'ninguna'}, falta llegar a {head}", "Ejecute `ov db upgrade`."
            )
    found = drift(connection)
    if found:
        yield AREA.bad(DRIFT, _some(found), "Ejecute `ov db upgrade`; lo que quede, `ov db check` lo lista.")
    else:
        yield AREA.good(DRIFT, "tablas, claves e índices como los necesita esta versión")


def _some(items: list[str]) -> str:
    more = f" y {len(items) - SHOWN} más" if len(items) > SHOWN else ""
    return "; ".join(items[:SHOWN]) + more
