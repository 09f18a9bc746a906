"""Where a database differs from what this code needs: columns, keys, checks, indexes, functions.

Columns that nobody here knows are no drift: adopted tables keep theirs.
"""

import psycopg

from ov_assets.companies import COMPANIES
from ov_assets.pqr.record import FIELDS
from ov_assets.rds.connection import private_errors, query

# An audit column of an adopted table stays as the predecessor made it.
_INSTANT = ("timestamp with time zone", "timestamp without time zone")
_TYPES: dict[str, tuple[str, ...]] = {
    "texto": ("text", "character varying"),
    "entero": ("bigint", "integer"),
    "cuenta": ("integer",),
    "logico": ("boolean",),
    "dia": ("date",),
    "reloj": ("timestamp without time zone",),
    "instante": ("timestamp with time zone",),
    "auditoria": _INSTANT,
    "json": ("jsonb",),
    "bytes": ("bytea",),
}


def _columns(**by_type: str) -> dict[str, str]:
    return {column: kind for kind, names in by_type.items() for column in names.split()}


_COMPANY = _columns(
    entero="id",
    texto=" ".join(name for name in FIELDS if name != "fecha") + " hash_registro",
    reloj="fecha",
    json="otros_campos",
    instante="extraido_en",
    auditoria="fecha_creacion fecha_actualizacion",
)

TABLES: dict[str, dict[str, str]] = {company.table: _COMPANY for company in COMPANIES.values()} | {
    "historial_ov": _columns(
        entero="id", texto="empresa numero_radicado archivo_hash", json="antes", instante="cambiado_en"
    ),
    "listado_ov": _columns(
        texto="empresa numero_radicado estado huella huella_capturada",
        reloj="fecha",
        dia="fecha_dia",
        instante="visto_primero visto_ultimo capturado_en leido_en releer_en",
        logico="presente",
        json="adjuntos_faltantes",
    ),
    "consultas_ov": _columns(texto="empresa", dia="fecha", instante="mirado_en", json="sin_capturar"),
    "relecturas_ov": _columns(texto="empresa", dia="dia", cuenta="releidas"),
    "archivos_ov": _columns(
        entero="id tamano",
        texto="empresa numero_radicado clase nombre hash_archivo ruta_local",
        dia="fecha",
        logico="vigente",
        instante="fecha_creacion fecha_actualizacion",
    ),
    "registros_ov_s3": _columns(
        entero="id tamano_archivo archivo_id",
        texto="nombre_archivo ruta_original tipo_archivo hash_archivo bucket_s3 clave_s3 url_s3 region_s3 "
        "numero_reclamo_sgc empresa tipo_contenido estado_carga origen_carga observaciones ultimo_error "
        "numero_radicado clase etag arrendado_por",
        logico="procesado sincronizado_bd requiere_resubida",
        json="metadatos",
        cuenta="intentos_carga",
        auditoria="fecha_carga fecha_creacion fecha_actualizacion fecha_archivo",
        dia="fecha",
        instante="arriendo_vence proximo_intento verificado_en",
    ),
    "cargas_ov": _columns(
        entero="id",
        texto="empresa archivo hash_archivo hash_rechazos ejecucion",
        dia="fecha",
        cuenta="filas insertadas actualizadas sin_cambio obsoletas duplicadas rechazadas",
        instante="cargado_en",
    ),
    "alertas_ov": _columns(
        entero="id",
        texto="clave clase gravedad empresa titulo mensaje",
        dia="fecha",
        cuenta="veces",
        instante="abierta_en vista_ultimo avisada_en cerrada_en cierre_avisado_en",
    ),
    "rechazos_ov": _columns(
        entero="id",
        texto="empresa archivo archivo_hash numero_radicado motivo detalle estado",
        dia="fecha",
        cuenta="linea",
        bytes="fila_cifrada",
        instante="visto_primero visto_ultimo",
    ),
}

_KEYS: dict[str, tuple[str, ...]] = {
    company.table: ("numero_radicado",) for company in COMPANIES.values()
} | {
    "listado_ov": ("empresa", "numero_radicado"),
    "consultas_ov": ("empresa", "fecha"),
    "relecturas_ov": ("dia", "empresa"),
    "archivos_ov": ("clase", "empresa", "hash_archivo", "nombre", "numero_radicado"),
    "registros_ov_s3": ("bucket_s3", "clave_s3"),
    "cargas_ov": ("empresa", "fecha", "hash_archivo"),
    "rechazos_ov": ("archivo_hash", "empresa", "fecha", "linea", "motivo"),
}
# A key over one of these alone makes a second, different row impossible: that is how rows were lost.
_FORBIDDEN_KEYS: dict[str, tuple[str, ...]] = {
    company.table: ("hash_registro",) for company in COMPANIES.values()
} | {"registros_ov_s3": ("hash_archivo", "clave_s3"), "archivos_ov": ("hash_archivo",)}

_CHECKS = {
    "registros_ov_s3": {
        "registros_ov_s3_estado_check",
        "registros_ov_s3_origen_check",
        "registros_ov_s3_clase_check",
    },
    "archivos_ov": {"archivos_ov_clase_check"},
    "rechazos_ov": {"rechazos_ov_estado_check"},
    "cargas_ov": {"cargas_ov_cuenta_check"},
    "alertas_ov": {"alertas_ov_gravedad_check"},
}
_INDEXES = {
    *(f"idx_{company.table}_{what}" for company in COMPANIES.values() for what in ("fecha", "hash", "sgc")),
    "historial_ov_radicado_idx",
    "listado_ov_dia_idx",
    "listado_ov_por_capturar",
    "listado_ov_por_releer",
    "listado_ov_con_faltantes",
    "archivos_ov_vigentes_idx",
    "archivos_ov_hash_idx",
    "registros_ov_s3_particion_idx",
    "registros_ov_s3_archivo_idx",
    "registros_ov_s3_archivo_key",
    "registros_ov_s3_por_hacer_idx",
    "rechazos_ov_pendientes_idx",
    "alertas_ov_abierta_key",
}
FUNCTIONS = {"fecha_ov", "instante_ov", "objeto_ov", "es_dia_ov", "por_subir_ov", "archivos_en_s3_ov"}


@private_errors
def drift(conn: psycopg.Connection) -> list[str]:
    """One sentence per difference, in a stable order. Raises DatabaseDownError, DatabaseError."""
    with conn.transaction():
        columns = conn.execute(query("schema_columns")).fetchall()
        keys = conn.execute(query("schema_keys")).fetchall()
        checks = {tuple(row) for row in conn.execute(query("schema_checks"))}
        indexes = {row[0] for row in conn.execute(query("schema_indexes"))}
        encoding = conn.execute(query("schema_encoding")).fetchone()
        functions = {row[0] for row in conn.execute(query("schema_functions"))}

    types = {(table, column): (kind, limit) for table, column, kind, limit in columns}
    tables = {table for table, *_ in columns}
    found: list[str] = []
    if encoding != ("UTF8",):
        found.append("the database's encoding is not UTF8: not every name of a person fits into it")
    for table, expected in TABLES.items():
        if table not in tables:
            found.append(f"table {table} is missing")
            continue
        found += _column_drift(table, expected, types)
        unique = [tuple(names) for name, names in keys if name == table]
        if table in _KEYS and _KEYS[table] not in unique:
            found.append(f"table {table} has no key over {', '.join(_KEYS[table])}")
        for column in _FORBIDDEN_KEYS.get(table, ()):
            if (column,) in unique:
                found.append(f"table {table} has a key over {column} alone, which loses rows")
        for check in sorted(_CHECKS.get(table, set())):
            if (table, check) not in checks:
                found.append(f"table {table} lacks the check {check}")
    found += [f"index {name} is missing or not valid" for name in sorted(_INDEXES - indexes)]
    found += [f"function {name} is missing" for name in sorted(FUNCTIONS - functions)]
    return found


def _column_drift(
    table: str, expected: dict[str, str], types: dict[tuple[str, str], tuple[str, int | None]]
) -> list[str]:
    found = []
    for column, wanted in expected.items():
        kind, limit = types.get((table, column), (None, None))
        if kind is None:
            found.append(f"table {table} lacks the column {column}")
        elif kind not in _TYPES[wanted]:
            found.append(f"column {table}.{column} is of type {kind}, not {_TYPES[wanted][0]}")
        elif limit is not None:
            found.append(f"column {table}.{column} holds at most {limit} characters")
    return found
