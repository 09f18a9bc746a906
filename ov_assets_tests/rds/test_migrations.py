"""The schema from nothing and from the predecessor's tables, with rows in them; and what drift looks like."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from ov_assets.rds import migrate
from ov_assets.rds.connection import DatabaseError, RdsError, connect
from ov_assets_tests.rds.helpers import T0, fetch, load, row

COMPANY_V1 = """
CREATE SCHEMA IF NOT EXISTS data_general;
CREATE TABLE data_general.{t} (
    id SERIAL PRIMARY KEY,
    numero_radicado VARCHAR(50) UNIQUE NOT NULL,
    fecha TIMESTAMP NOT NULL,
    estado_solicitud VARCHAR(100),
    tipo_pqr VARCHAR(200),
    nic VARCHAR(20),
    nombres_apellidos VARCHAR(200),
    telefono VARCHAR(20),
    celular VARCHAR(20),
    correo_electronico VARCHAR(100),
    documento_identidad VARCHAR(20),
    canal_respuesta VARCHAR(100),
    hash_registro VARCHAR(64) UNIQUE,
    fecha_extraccion TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    archivos_s3_urls JSONB,
    procesado_flag BOOLEAN DEFAULT FALSE,
    archivo_origen VARCHAR(200),
    warnings TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX {i_radicado} ON data_general.{t} (numero_radicado);
CREATE INDEX {i_fecha} ON data_general.{t} (fecha);
CREATE INDEX {i_hash} ON data_general.{t} (hash_registro);
"""
COMPANY_V3 = """
CREATE SCHEMA IF NOT EXISTS data_general;
CREATE TABLE data_general.{t} (
    id SERIAL PRIMARY KEY,
    numero_radicado VARCHAR(50) UNIQUE NOT NULL,
    fecha TIMESTAMP NOT NULL,
    estado_solicitud VARCHAR(100),
    tipo_pqr VARCHAR(200),
    nic VARCHAR(20),
    nombres_apellidos VARCHAR(200) NOT NULL,
    telefono VARCHAR(20),
    celular VARCHAR(20),
    correo_electronico VARCHAR(100),
    documento_identidad VARCHAR(20),
    canal_respuesta VARCHAR(100),
    lectura VARCHAR(50),
    documento_prueba VARCHAR(255),
    cuerpo_reclamacion TEXT,
    finalizar VARCHAR(50),
    adjuntar_archivo VARCHAR(255),
    numero_reclamo_sgc VARCHAR(50),
    comentarios TEXT,
    hash_registro VARCHAR(64),
    archivos_s3_urls JSONB,
    usuario_carga VARCHAR(30) NOT NULL,
    fecha_creacion TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    fecha_actualizacion TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX {u_hash} ON data_general.{t} (hash_registro);
"""
COMPANY_ROWS = """
INSERT INTO data_general.{t} (
    numero_radicado, fecha, estado_solicitud, nombres_apellidos, nic, hash_registro {otras_columnas})
VALUES ('00000001', '2025-10-13 08:30', 'Finalizado', 'Antes', '35', 'viejo' {otros_valores}),
    ('00000002', '2025-10-13 09:00', NULL, 'Antes', NULL, NULL {otros_valores});
"""
REGISTRY = """
CREATE SCHEMA IF NOT EXISTS data_general;
CREATE TABLE data_general.registros_ov_s3 (
    id SERIAL PRIMARY KEY,
    nombre_archivo VARCHAR(255) NOT NULL,
    ruta_original VARCHAR(500),
    tamano_archivo BIGINT DEFAULT 0,
    tipo_archivo VARCHAR(10),
    hash_archivo VARCHAR(64) UNIQUE,
    bucket_s3 VARCHAR(100) NOT NULL,
    clave_s3 VARCHAR(500) NOT NULL UNIQUE,
    url_s3 VARCHAR(1000),
    region_s3 VARCHAR(50) DEFAULT 'us-west-2',
    numero_reclamo_sgc VARCHAR(50),
    empresa VARCHAR(20) NOT NULL CHECK (empresa IN ('afinia', 'aire')),
    tipo_contenido VARCHAR(100),
    estado_carga VARCHAR(20) DEFAULT 'subido',
    origen_carga VARCHAR(20) DEFAULT 'bot',
    procesado BOOLEAN DEFAULT TRUE,
    sincronizado_bd BOOLEAN DEFAULT FALSE,
    requiere_resubida BOOLEAN DEFAULT FALSE,
    metadatos JSONB,
    observaciones TEXT,
    intentos_carga INTEGER DEFAULT 1,
    ultimo_error TEXT,
    fecha_carga TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    fecha_creacion TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    fecha_actualizacion TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    fecha_archivo TIMESTAMP
);
CREATE INDEX idx_rov_s3_hash ON data_general.registros_ov_s3 (hash_archivo);
CREATE INDEX idx_rov_s3_clave_s3 ON data_general.registros_ov_s3 (clave_s3);
CREATE INDEX idx_rov_s3_numero_reclamo ON data_general.registros_ov_s3 (numero_reclamo_sgc);
"""
REGISTRY_CHECKS = """
ALTER TABLE data_general.registros_ov_s3
    ADD CONSTRAINT registros_estado CHECK (estado_carga IN ('subido', 'pre_existente', 'error', 'pendiente')),
    ADD CONSTRAINT registros_origen CHECK (origen_carga IN ('bot', 'pre_existente', 'manual', 'migracion'));
"""
REGISTRY_ROWS = """
INSERT INTO data_general.registros_ov_s3
    (nombre_archivo, hash_archivo, bucket_s3, clave_s3, empresa, numero_reclamo_sgc, metadatos)
VALUES ('a.pdf', 'h1', 'b', 'Central_De_Escritos/Afinia/x/a.pdf', 'afinia', 'RE1', '{"n": 1}'),
    ('b.pdf', 'h2', 'b', 'Central_De_Escritos/Air-e/x/b.pdf', 'aire', NULL, NULL);
"""
EVERYTHING = """
SELECT c.relname, a.attname, a.atttypid::regtype::text, a.attnotnull FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'data_general'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
    AND NOT a.attisdropped
ORDER BY 1, 2
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'data_general'::regnamespace AND contype <> 'n' ORDER BY 1, 2
"""


def run(database: dict[str, Any], *statements: str) -> None:
    with psycopg.connect(**database) as conn:
        for statement in statements:
            conn.execute(statement.encode())


def company(database: dict[str, Any], table: str, ddl: str) -> None:
    names = {"t": table, "u_hash": f"u_{table}"} | {
        f"i_{what}": f"idx_{table}_{full}"
        for what, full in (("radicado", "numero_radicado"), ("fecha", "fecha"), ("hash", "hash"))
    }
    with psycopg.connect(**database) as conn:
        conn.execute(sql.SQL(ddl).format(**{key: sql.Identifier(name) for key, name in names.items()}))
        extra = ", usuario_carga", ", 'u'"
        if "usuario_carga" not in ddl:
            extra = "", ""
        columns, value = (sql.SQL(part) for part in extra)
        conn.execute(
            sql.SQL(COMPANY_ROWS).format(t=sql.Identifier(table), otras_columnas=columns, otros_valores=value)
        )


def v1(database: dict[str, Any]) -> None:
    for table in ("ov_afinia", "ov_aire"):
        company(database, table, COMPANY_V1)
    run(database, REGISTRY, REGISTRY_CHECKS, REGISTRY_ROWS)


def v3(database: dict[str, Any]) -> None:
    for table in ("ov_afinia", "ov_aire"):
        company(database, table, COMPANY_V3)
    # The bulk script left bucket_s3 out: the live table must have let it.
    run(
        database,
        REGISTRY,
        "ALTER TABLE data_general.registros_ov_s3 ALTER COLUMN bucket_s3 DROP NOT NULL",
        REGISTRY_ROWS,
        "UPDATE data_general.registros_ov_s3 SET origen_carga = 'pre_existing', estado_carga = 'pre_existing'"
        " WHERE hash_archivo = 'h1'",
        "UPDATE data_general.registros_ov_s3"
        " SET bucket_s3 = NULL, origen_carga = 'otra', estado_carga = 'rara'"
        " WHERE hash_archivo = 'h2'",
    )


def test_a16_an_empty_database_gets_everything_and_twice_is_once(empty_database):
    assert migrate.current(empty_database) is None
    assert len(migrate.check(empty_database)) > 5
    migrate.upgrade(empty_database)
    assert migrate.current(empty_database) == migrate.head()
    assert migrate.check(empty_database) == []
    before = fetch(empty_database, EVERYTHING), fetch(empty_database, CONSTRAINTS)
    migrate.upgrade(empty_database)
    assert (fetch(empty_database, EVERYTHING), fetch(empty_database, CONSTRAINTS)) == before


@pytest.mark.parametrize("shape", [v1, v3])
def test_a16_the_predecessors_tables_are_adopted_with_all_their_rows_and_columns(
    empty_database, tmp_path, shape: Callable[[dict[str, Any]], None]
):
    shape(empty_database)
    columns = {line[:2] for line in fetch(empty_database, EVERYTHING)}
    rows = fetch(
        empty_database,
        "SELECT numero_radicado, fecha, nombres_apellidos, nic, hash_registro"
        " FROM data_general.ov_afinia ORDER BY 1",
    )
    migrate.upgrade(empty_database)
    assert migrate.check(empty_database) == []
    assert columns <= {line[:2] for line in fetch(empty_database, EVERYTHING)}
    assert rows == fetch(
        empty_database,
        "SELECT numero_radicado, fecha, nombres_apellidos, nic, hash_registro"
        " FROM data_general.ov_afinia ORDER BY 1",
    )
    # A newer load updates rows of before, whose hash and time are the predecessor's or nobody's.
    new = [
        row(1, comentarios="x" * 5000, nic="0" * 40, tipo_pqr="t" * 900, nombres_apellidos=""),
        row(2, numero_reclamo_sgc="s" * 9000),
        row(3),
    ]
    result = load(empty_database, tmp_path, new)
    assert (result.insertadas, result.actualizadas) == (1, 2)
    stored = fetch(
        empty_database,
        "SELECT nic, nombres_apellidos, extraido_en, fecha_actualizacion IS NOT NULL"
        " FROM data_general.ov_afinia ORDER BY numero_radicado",
    )
    assert stored[0] == ("0" * 40, None, T0, True)
    history = fetch(
        empty_database,
        "SELECT antes->>'nombres_apellidos', antes->>'hash_registro'"
        " FROM data_general.historial_ov ORDER BY numero_radicado",
    )
    assert history == [("Antes", "viejo"), ("Antes", None)]
    assert load(empty_database, tmp_path, new).ya_cargado
    # A second revision run over adopted tables changes nothing either.
    before = fetch(empty_database, EVERYTHING), fetch(empty_database, CONSTRAINTS)
    run(empty_database, "DELETE FROM data_general.alembic_version_ov")
    migrate.upgrade(empty_database)
    assert (fetch(empty_database, EVERYTHING), fetch(empty_database, CONSTRAINTS)) == before


@pytest.mark.parametrize("shape", [None, v1, v3])
def test_d_one_file_in_two_claims_and_every_state_fit_into_the_registry(empty_database, shape):
    if shape:
        shape(empty_database)
    migrate.upgrade(empty_database)
    states = [
        "pendiente",
        "subiendo",
        "subido",
        "error",
        "pre_existente",
        "conflicto",
        "falta_local",
        "falta_s3",
    ]
    with connect(empty_database) as conn:
        for number, state in enumerate(states):
            conn.execute(
                "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, hash_archivo, bucket_s3, clave_s3,"
                " empresa, estado_carga, numero_radicado, clase)"
                " VALUES ('x', 'same', 'b', %s, 'afinia', %s, %s, 'adjunto')",
                [f"k{number}" + "k" * 900, state, str(number)],
            )
        conn.execute(
            "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa)"
            " VALUES ('x', 'b2', 'k', 'afinia')"
        )
        conn.commit()
        started = conn.execute(
            "SELECT estado_carga, origen_carga, intentos_carga, procesado, fecha_carga, region_s3"
            " FROM data_general.registros_ov_s3 WHERE bucket_s3 = 'b2'"
        ).fetchall()
        assert started == [("pendiente", "bot", 0, False, None, None)]
        for values in (
            "'b2', 'k', 'afinia', 'subido', 'bot'",
            "'b', 'z', 'afinia', 'otra', 'bot'",
            "'b', 'z', 'afinia', 'subido', 'pre_existing'",
        ):
            with pytest.raises(psycopg.errors.IntegrityError), conn.transaction():
                conn.execute(
                    b"INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
                    b" estado_carga, origen_carga) VALUES ('x', " + values.encode() + b")"
                )


def test_states_and_origins_that_were_never_legal_are_put_right_and_noted(empty_database):
    v3(empty_database)
    migrate.upgrade(empty_database)
    adopted = fetch(
        empty_database,
        "SELECT estado_carga, origen_carga, observaciones, bucket_s3, metadatos"
        " FROM data_general.registros_ov_s3 ORDER BY id",
    )
    assert adopted == [
        (
            "pre_existente",
            "pre_existente",
            "origen_carga era pre_existing; estado_carga era pre_existing",
            "b",
            {"n": 1},
        ),
        ("error", "migracion", "origen_carga era otra; estado_carga era rara", None, None),
    ]


def test_rows_that_cannot_be_keyed_stop_the_migration_and_stay(empty_database):
    company(empty_database, "ov_afinia", COMPANY_V1)
    run(
        empty_database,
        "ALTER TABLE data_general.ov_afinia DROP CONSTRAINT ov_afinia_numero_radicado_key",
        "UPDATE data_general.ov_afinia SET numero_radicado = '00000001'",
    )
    with pytest.raises(
        DatabaseError, match="1 values of \\(numero_radicado\\) occur more than once"
    ) as raised:
        migrate.upgrade(empty_database)
    assert "00000001" not in str(raised.value)
    assert fetch(empty_database, "SELECT count(*) FROM data_general.ov_afinia") == [(2,)]
    assert fetch(empty_database, "SELECT to_regclass('data_general.ov_aire')") == [(None,)]


def test_a_view_that_stands_in_the_way_is_named(empty_database):
    company(empty_database, "ov_afinia", COMPANY_V1)
    run(empty_database, "CREATE VIEW data_general.mi_vista AS SELECT nic FROM data_general.ov_afinia")
    with pytest.raises(DatabaseError, match="mi_vista"):
        migrate.upgrade(empty_database)


def test_fecha_as_date_becomes_a_timestamp(empty_database):
    company(empty_database, "ov_afinia", COMPANY_V1)
    run(empty_database, "ALTER TABLE data_general.ov_afinia ALTER COLUMN fecha TYPE date")
    migrate.upgrade(empty_database)
    assert migrate.check(empty_database) == []


def test_down_and_up_again(empty_database):
    migrate.upgrade(empty_database)
    before = fetch(empty_database, EVERYTHING), fetch(empty_database, CONSTRAINTS)
    migrate.downgrade(empty_database, "base")
    left = fetch(
        empty_database,
        "SELECT relname FROM pg_class WHERE relnamespace = 'data_general'::regnamespace AND relkind = 'r'",
    )
    assert left == [("alembic_version_ov",)]
    migrate.upgrade(empty_database)
    assert (fetch(empty_database, EVERYTHING), fetch(empty_database, CONSTRAINTS)) == before


def test_rows_find_their_files_in_place(empty_database):
    """Of several rows of a file the best is linked; each row stays, and so does what it says."""
    migrate.upgrade(empty_database, "0006_changed_files")
    run(
        empty_database,
        "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo, tamano,"
        " ruta_local, fecha) SELECT 'afinia', n::text, 'pdf', 'd.pdf', 'h', 1, 'r', '2025-10-13'"
        " FROM generate_series(1, 4) AS n",
        "INSERT INTO data_general.registros_ov_s3 (bucket_s3, clave_s3, estado_carga, numero_radicado,"
        " empresa, clase, nombre_archivo, hash_archivo)"
        " SELECT b, k, e, n, 'afinia', 'pdf', 'd.pdf', CASE k WHEN 'other' THEN 'x' ELSE 'h' END FROM (VALUES"
        " ('b', 'planned', 'pendiente', '1'), ('b', 'adopted', 'pre_existente', '1'),"
        " ('c', 'k', 'error', '1'), ('b', 'one', 'subido', '2'),"
        " ('b', 'other', 'subido', '3'), ('b', 'foreign', 'subido', NULL)"
        ") AS v (b, k, e, n)",
    )
    columns = "SELECT clave_s3, estado_carga, numero_radicado, bucket_s3 FROM data_general.registros_ov_s3"
    before = sorted(fetch(empty_database, columns), key=str)
    migrate.upgrade(empty_database)
    assert sorted(fetch(empty_database, columns), key=str) == before
    linked = fetch(
        empty_database,
        "SELECT r.bucket_s3, r.clave_s3, a.numero_radicado FROM data_general.registros_ov_s3 r"
        " LEFT JOIN data_general.archivos_ov a ON a.id = r.archivo_id ORDER BY r.id",
    )
    assert linked == [
        ("b", "planned", None),
        ("b", "adopted", "1"),
        ("c", "k", "1"),
        ("b", "one", "2"),
        ("b", "other", None),
        ("b", "foreign", None),
    ]
    assert migrate.check(empty_database) == []
    # Run again over rows whose states have changed since: what is linked stays linked.
    ids = "SELECT id, archivo_id FROM data_general.registros_ov_s3 ORDER BY id"
    before = fetch(empty_database, ids)
    run(
        empty_database,
        "UPDATE data_general.registros_ov_s3 SET estado_carga = 'falta_s3' WHERE clave_s3 = 'adopted'",
        "UPDATE data_general.alembic_version_ov SET version_num = '0006_changed_files'",
    )
    migrate.upgrade(empty_database)
    assert fetch(empty_database, ids) == before


def test_back_to_0006_has_what_0006_made(empty_database):
    indexes = "SELECT indexname FROM pg_indexes WHERE schemaname = 'data_general' ORDER BY 1"
    migrate.upgrade(empty_database, "0006_changed_files")
    before = fetch(empty_database, indexes), fetch(empty_database, EVERYTHING)
    migrate.upgrade(empty_database)
    migrate.downgrade(empty_database, "0006_changed_files")
    assert (fetch(empty_database, indexes), fetch(empty_database, EVERYTHING)) == before


def test_going_back_loses_no_row(empty_database, tmp_path):
    v1(empty_database)
    migrate.upgrade(empty_database)
    load(empty_database, tmp_path, [row(1)])
    with pytest.raises(DatabaseError, match="cargas_ov holds rows"):
        migrate.downgrade(empty_database, "base")
    assert migrate.check(empty_database) == []
    run(
        empty_database,
        "TRUNCATE data_general.cargas_ov, data_general.historial_ov",
        "DELETE FROM data_general.archivos_ov",
    )
    migrate.downgrade(empty_database, "base")
    assert fetch(empty_database, "SELECT count(*) FROM data_general.ov_afinia") == [(2,)]
    assert fetch(empty_database, "SELECT count(*) FROM data_general.registros_ov_s3") == [(2,)]
    migrate.upgrade(empty_database)
    assert migrate.check(empty_database) == []


def test_upgrades_at_once_are_one_after_the_other(empty_database):
    errors: list[BaseException] = []

    def work() -> None:
        try:
            migrate.upgrade(empty_database)
        except RdsError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert migrate.check(empty_database) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("DROP TABLE data_general.listado_ov", "table listado_ov is missing"),
        ("ALTER TABLE data_general.ov_aire DROP COLUMN lectura", "table ov_aire lacks the column lectura"),
        (
            "ALTER TABLE data_general.ov_aire ALTER nic TYPE varchar(20)",
            "column ov_aire.nic holds at most 20",
        ),
        ("ALTER TABLE data_general.ov_aire ALTER fecha TYPE date", "column ov_aire.fecha is of type date"),
        ("DROP INDEX data_general.idx_ov_aire_hash", "index idx_ov_aire_hash is missing"),
        (
            "ALTER TABLE data_general.ov_aire DROP CONSTRAINT ov_aire_numero_radicado_key",
            "no key over numero_radicado",
        ),
        ("ALTER TABLE data_general.ov_aire ADD UNIQUE (hash_registro)", "a key over hash_registro alone"),
        (
            "CREATE UNIQUE INDEX u ON data_general.registros_ov_s3 (hash_archivo)",
            "a key over hash_archivo alone",
        ),
        (
            "ALTER TABLE data_general.registros_ov_s3 DROP CONSTRAINT registros_ov_s3_estado_check",
            "lacks the check",
        ),
        ("DROP FUNCTION data_general.fecha_ov(text)", "function fecha_ov is missing"),
        ("UPDATE data_general.alembic_version_ov SET version_num = '0002_files'", "at revision 0002_files"),
    ],
)
def test_drift_is_found_and_named(database, change, finding):
    run(database, change)
    found = migrate.check(database)
    assert any(finding in sentence for sentence in found), found


def test_columns_of_others_are_no_drift(database):
    run(database, "ALTER TABLE data_general.ov_aire ADD COLUMN de_otro text")
    assert migrate.check(database) == []


def test_a_database_of_a_newer_version_is_an_error_of_ours(database):
    run(database, "UPDATE data_general.alembic_version_ov SET version_num = '9999_future'")
    with pytest.raises(RdsError, match="don't fit"):
        migrate.upgrade(database)
