"""A portal that calls things differently: the doctor names each, and its lines make the capture whole."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ov_assets.portal.contract import Finding
from ov_assets.portal.examination import examine
from ov_assets.portal.nearest import overlay_of
from ov_assets.portal.pages_file import read_pages
from ov_assets_tests.portal.tools import (
    COMPANY,
    EMPTY_DAY,
    add_pqrs,
    capture,
    differences,
    faults,
    quick,
    site_of,
)

TODAY = EMPTY_DAY + timedelta(days=10)
# What is renamed on the portal, and the names of `pages.toml` that no longer hold.
RELEASES: dict[str, tuple[dict[str, str], set[str]]] = {
    "labels": (
        {
            '"Buscar"': '"Consultar"',
            "Search()": "Consultar()",
            ".Search =": ".Consultar =",
            "Filtrar": "Filtros de consulta",
            "N° Radicado PQR": "Radicado de la PQR",
            "Finalizado": "Cerrado",
            "Número Reclamo SGC": "Reclamo en SGC",
            "NumeroReclamoSGC": "ReclamoSgc",
        },
        {"filter.search", "filter.toggle_text", "filter.finalizado"}
        | {"labels.numero_radicado", "labels.numero_reclamo_sgc", "detail.claim_number"},
    ),
    "selectors": (
        {
            'aria-label="Next"': 'aria-label="Siguiente"',
            'aria-label="Previous"': 'aria-label="Anterior"',
            "link-archivo": "enlace-adjunto",
            "descargarAdjunto": "bajarArchivo",
            "text-td-label": "rotulo",
            "txtUsername": "txtUsuario",
            "filtros.fechaInicial": "filtros.desde",
            "filtros.fechaFinal": "filtros.hasta",
        },
        {"list.next", "list.previous", "filter.from", "filter.to"}
        | {"detail.attachment", "detail.label", "login.username"},
    ),
    "page by page": (
        {
            "md-select-value": "valor-elegido",
            "cmdLogin": "btnEntrar",
            "txtPassword": "txtClave",
            "Ver PQR": "Abrir",
            "Detail/": "Solicitud/",
            "Nombres y Apellidos": "Solicitante",
        },
        {"login.password", "login.submit", "filter.estado_value", "list.eye"} | {"labels.nombres_apellidos"},
    ),
    "table": (
        {
            "of: 'de'": "of: 'entre'",
            'class="md-body"': 'class="cuerpo"',
            'class="md-cell': 'class="celda',
            'ng-model="filtros.Estado"': 'ng-model="filtros.Situacion"',
            "filtros.Estado": "filtros.Situacion",
            "accordion-toggle": "panel-toggle",
        },
        {"list.footer_range", "list.row", "list.cell", "filter.estado", "filter.toggle"},
    ),
}


def examined(portal: Any, home: Path) -> list[Finding]:
    return asyncio.run(examine(site_of(portal), quick(home), TODAY))


@pytest.mark.parametrize("release", RELEASES)
def test_an_overlay_of_the_doctors_lines_makes_a_changed_portal_whole(
    portal: Any, tmp_path: Path, release: str
) -> None:
    words, expected = RELEASES[release]
    add_pqrs(portal, 12, attachments=1)
    faults(portal, renamed={"words": words})
    found = examined(portal, tmp_path / "home")
    assert {finding.name for finding in found if not finding.holds} == expected
    overlay = tmp_path / "overlay.toml"
    overlay.write_text(overlay_of(finding.line for finding in found if finding.line), encoding="utf-8")

    pages = read_pages(COMPANY, overlay)
    if release == "labels":
        again = asyncio.run(examine(site_of(portal, pages=pages), quick(tmp_path / "home"), TODAY))
        assert [finding for finding in again if not finding.holds] == []
    capture(portal, tmp_path / "after", quick(tmp_path / "home"), pages=pages)
    faults(portal, renamed=None)
    missing, wrong = differences(portal, tmp_path / "after")
    assert missing == set()
    # What the portal calls the state is kept as it is shown.
    assert {text.split(": ")[1] for text in wrong} == ({"estado_solicitud"} if release == "labels" else set())
