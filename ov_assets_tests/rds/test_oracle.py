"""Any sequence of loads ends as a naive reading of the rules in Python says."""

import re
from collections import Counter
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ov_assets.rds.connection import connect
from ov_assets.rds.loader import load_partition
from ov_assets.rds.rejects import Thresholds
from ov_assets_tests.rds.helpers import DAY, T0, csv_file, fetch, row

LIMITS = Thresholds(max_rows=10**6, max_share=1.0)
TEXT = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["NULL", "NaN", "\\.", '"', "\r\n", "a\n\\.\nb", ",", "=1", "\\N", "\x00", "0007"]
)
FECHA = st.sampled_from(
    [
        "2025/10/13 08:30",
        "2025-10-13 08:30:15",
        "2025/02/30 08:30",
        "",
        "13/10/2025 10:00",
        "2025/10/13 25:00",
    ]
)
RADICADO = st.sampled_from(["1", "2", "3", "03", "003", "", "x", "9" * 50, "9" * 51])
ROW = st.builds(
    lambda radicado, fecha, estado, texto, hours, company, offset: row(
        1,
        at=(T0 + timedelta(hours=hours)).astimezone(offset),
        company=company,
        numero_radicado=radicado,
        fecha=fecha,
        estado_solicitud=estado,
        comentarios=texto,
    ),
    RADICADO,
    FECHA,
    st.sampled_from(["Finalizado", "Finalizado", "Radicado", ""]),
    TEXT,
    st.integers(0, 3),
    st.sampled_from(["afinia", "afinia", "afinia", "aire"]),
    st.timezones(),
)


def acceptable(line: dict[str, str]) -> bool:
    fecha = line["fecha"].replace("/", "-")
    try:
        datetime.fromisoformat(fecha)
    except ValueError:
        return False
    return (
        re.fullmatch(r"\d{4}([/-])\d\d\1\d\d \d\d:\d\d(:\d\d)?", line["fecha"]) is not None
        and line["empresa"] == "afinia"
        and re.fullmatch(r"[0-9]{1,50}", line["numero_radicado"]) is not None
        and line["estado_solicitud"] != ""
        and not any("\x00" in value for value in line.values())
        and re.search(r"[+-]\d\d:\d\d$", line["extraido_en"]) is not None
    )


class Oracle:
    """The table as a dict: radicado -> (hash, extraido_en, comentarios)."""

    def __init__(self) -> None:
        self.table: dict[str, tuple[str, datetime, str]] = {}
        self.history = 0

    def load(self, rows: list[dict[str, str]]) -> Counter:
        counts: Counter = Counter(filas=len(rows))
        newest: dict[str, tuple[datetime, str, str]] = {}
        for line in rows:
            if not acceptable(line):
                counts["rechazadas"] += 1
                continue
            at = datetime.fromisoformat(line["extraido_en"])
            candidate = (at, line["hash_registro"], line["comentarios"])
            known = newest.get(line["numero_radicado"])
            counts["duplicadas"] += known is not None
            newest[line["numero_radicado"]] = candidate if known is None else max(known, candidate)
        for radicado, (at, digest, text) in newest.items():
            known = self.table.get(radicado)
            if known is None:
                counts["insertadas"] += 1
            elif known[1] > at:
                counts["sin_cambio"] += 1
                counts["obsoletas"] += 1
                continue
            elif known[0] == digest:
                counts["sin_cambio"] += 1
            else:
                counts["actualizadas"] += 1
                self.history += 1
            self.table[radicado] = (digest, at, text)
        return counts


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(loads=st.lists(st.lists(ROW, max_size=8), min_size=1, max_size=4))
def test_loads_agree_with_a_naive_oracle(database, tmp_path, loads):
    oracle = Oracle()
    with connect(database) as conn:
        conn.execute("TRUNCATE data_general.ov_afinia, data_general.historial_ov, data_general.cargas_ov")
        conn.execute("TRUNCATE data_general.rechazos_ov")
        conn.commit()
        for rows in loads:
            csv_file(tmp_path, rows)
            result = load_partition(
                conn, "afinia", DAY, tmp_path / f"{DAY}.csv", None, [], "prueba", thresholds=LIMITS
            )
            expected = oracle.load(rows)
            for name in (
                "filas",
                "insertadas",
                "actualizadas",
                "sin_cambio",
                "obsoletas",
                "duplicadas",
                "rechazadas",
            ):
                assert getattr(result, name) == expected[name], name
    stored = fetch(
        database,
        "SELECT numero_radicado, hash_registro, extraido_en, COALESCE(comentarios, '')"
        " FROM data_general.ov_afinia",
    )
    assert {line[0]: line[1:] for line in stored} == oracle.table
    assert fetch(database, "SELECT count(*) FROM data_general.historial_ov") == [(oracle.history,)]
