import re
from datetime import date

import pytest

from ov_assets.pqr.manifest import Clase
from ov_assets.s3.keys import Layout, extension, object_key, partition_prefixes, report_key

HASH = "0123456789abcdef" * 4
DAY = date(2025, 10, 3)


def key(layout=Layout.COMPLETA, clase=Clase.PDF, nombre="detalle.pdf", radicado="0012345", **more):
    return object_key(
        layout,
        company="afinia",
        day=DAY,
        clase=clase,
        numero_radicado=radicado,
        nombre=nombre,
        hash_archivo=HASH,
        **more,
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "afinia/01_raw_data/oficina_virtual/pdf/2025/10/03/0012345_0123456789ab.pdf"),
        (
            {"clase": Clase.JSON, "nombre": "pqr.json"},
            "afinia/01_raw_data/oficina_virtual/json/2025/10/03/0012345_0123456789ab.json",
        ),
        (
            {"clase": Clase.ADJUNTO, "nombre": "Cédula de Ana.JPG", "number": 2},
            "afinia/01_raw_data/oficina_virtual/adjuntos/2025/10/03/0012345_0123456789ab_2.jpg",
        ),
        (
            {"clase": Clase.CSV, "nombre": "2025-10-03.csv", "radicado": ""},
            "afinia/01_raw_data/oficina_virtual/csv/2025/10/03/afinia_2025-10-03_0123456789ab.csv",
        ),
        ({"layout": Layout.HIBRIDA}, "afinia/01_raw_data/oficina_virtual/0012345_0123456789ab.pdf"),
        ({"layout": Layout.MINIMA}, "afinia/oficina_virtual/0012345_0123456789ab.pdf"),
    ],
)
def test_d13_d14_key_is_a_function_of_the_file(given, expected):
    assert key(**given) == expected == key(**given)


@pytest.mark.parametrize("radicado", ["../x", "a/b", "ana@correo.co", "José Pérez", "", "1" * 51, "1 2"])
def test_unsafe_radicado_leaves_nothing_of_it_in_the_key(radicado):
    stem = key(radicado=radicado).rsplit("/", 1)[1]
    assert re.fullmatch(r"x[0-9a-f]{16}_0123456789ab\.pdf", stem)


@pytest.mark.parametrize(
    ("nombre", "expected"),
    [
        ("a.PDF", "pdf"),
        ("a", "bin"),
        ("a.", "bin"),
        ("a.tar.gz", "gz"),
        ("a.p/df", "bin"),
        ("a.ñandu", "bin"),
        ("a.abcdefghijk", "bin"),
        (".docx", "docx"),
    ],
)
def test_extension(nombre, expected):
    assert extension(nombre) == expected


@pytest.mark.parametrize("layout", list(Layout))
def test_prefixes_hold_every_key_of_the_partition(layout):
    prefixes = partition_prefixes(layout, "afinia", DAY)
    assert len(prefixes) == (4 if layout is Layout.COMPLETA else 1)
    for clase in Clase:
        assert key(layout, clase).startswith(tuple(prefixes))


def test_report_key():
    assert (
        report_key("aire", DAY, HASH, "reporte.html")
        == "aire/03_reports/2025/10/03/verificacion_aire_2025-10-03_0123456789ab.html"
    )
