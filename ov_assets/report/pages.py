"""Rendering the pages: one Jinja environment, numbers as a Spanish reader writes them."""

from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from ov_assets.report import svg

ROWS_MAX = 200
DAY_NAMES = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
# What a state of the registry means to who reads the page.
STATE_NAMES = {
    "subido": "Subido y verificado",
    "pre_existente": "Ya estaba en S3",
    "pendiente": "Pendiente de subir",
    "subiendo": "Subiendo",
    "error": "Con error; se reintenta",
    "conflicto": "Conflicto: otros bytes en S3",
    "falta_local": "Falta en disco",
    "falta_s3": "Falta en S3",
}
STEP_NAMES = {
    "pqr_captures": "Captura",
    "company_csv": "CSV",
    "rds_table": "RDS",
    "s3_pending": "Diferencia",
    "s3_objects": "Carga a S3",
}


def size(count: int) -> str:
    """Bytes for a reader: `1,4 MB`, with a decimal comma."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.1f} {unit}".replace(".", ",") if unit != "B" else f"{count} B"


def number(count: int) -> str:
    """`12.345`, with a point between the thousands."""
    return f"{count:,}".replace(",", ".")


def seconds(value: float) -> str:
    """`8,4 s` or `3 min 20 s`."""
    if value < 60:
        return f"{value:.1f} s".replace(".", ",")
    return f"{int(value) // 60} min {int(value) % 60} s"


def long_day(day: date) -> str:
    """`lunes 13/10/2025`."""
    return f"{DAY_NAMES[day.weekday()]} {day:%d/%m/%Y}"


@cache
def environment() -> Environment:
    """The templates of this package; what a template names must exist."""
    made = Environment(
        loader=PackageLoader("ov_assets.report"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"tamano": size, "numero": number, "segundos": seconds, "dia": long_day}
    made.globals |= {"svg": svg, "rows_max": ROWS_MAX, "state_names": STATE_NAMES, "step_names": STEP_NAMES}
    return made


def render(template: str, **values: Any) -> str:
    """A page, complete in itself."""
    return environment().get_template(template).render(**values)
