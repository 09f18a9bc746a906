"""The names of the pages: one place, laid over by an operator's file, and nothing that contradicts it."""

import json
import re
from pathlib import Path

import pytest

import ov_assets.portal
from ov_assets.companies import COMPANIES
from ov_assets.portal.nearest import line, nearest_labels, nearest_text, overlay_of, range_like
from ov_assets.portal.pages.reading import field_name
from ov_assets.portal.pages_file import PagesFileError, read_pages
from ov_assets.pqr.record import FIELDS, canonical_label

PORTAL = Path(ov_assets.portal.__file__).parent
SOURCES = [path for path in PORTAL.rglob("*") if path.suffix in {".py", ".js"}]
SHIPPED = read_pages("aire")
# What a selector, a label or a route of the portals looks like, wherever it stands.
MARKUP = re.compile(
    r"md-|link-archivo|txtUsername|txtPassword|cmdLogin|\[(aria-label|ng-model|ng-click|tooltip|name|id)[*^$]?=[\"']"
    r"|myModal|text-td-label|NumeroReclamo|accordion|Listado-|Filtrar|dnnForm"
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_selector_stands_anywhere_else(source: Path) -> None:
    prose = r'"""[\s\S]*?"""|(^|  )#.*$|^\s*//.*$'
    code = re.sub(prose, "", source.read_text(encoding="utf-8"), flags=re.M)
    assert [line for line in code.splitlines() if MARKUP.search(line)] == []


def test_each_name_is_used_and_each_used_one_exists() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    sections = "|".join({name.split(".")[0] for name in SHIPPED.names})
    used = set(re.findall(rf"[\"'`]((?:{sections})\.\w+)[\"'`]", text))
    used -= {name for name in used if name.startswith("columns.") or name.endswith(".js")}
    by_pattern = {name for name in SHIPPED.names if name.split(".")[0] in {"columns", "labels", "nearest"}}
    by_pattern |= {f"filter.{name}" for name in ("estado", "from", "to")}
    assert used - SHIPPED.names.keys() == set()
    assert SHIPPED.names.keys() - used - by_pattern == set()


def test_every_field_has_labels_of_its_own() -> None:
    assert [name for name in SHIPPED.section("labels")] == list(FIELDS)
    labels = [canonical_label(label) for name in FIELDS for label in SHIPPED.words(f"labels.{name}")]
    assert len(set(labels)) == len(labels)
    assert field_name("Nº Radicado  PQR:", SHIPPED) == "numero_radicado"
    assert field_name("nico", SHIPPED) is None


def test_an_overlay_holds_for_all_or_for_one(tmp_path: Path) -> None:
    overlay = tmp_path / "pages.toml"
    overlay.write_text("[list]\nnext = '#n'\n[afinia.list]\nnext = '#a'\n[limits]\npage_timeout_s = 7\n")
    assert {slug: read_pages(slug, overlay)["list.next"] for slug in COMPANIES} == {
        "afinia": "#a",
        "aire": "#n",
    }
    assert {
        slug: read_pages(slug, overlay).number("limits.page_timeout_s") for slug in COMPANIES
    } == dict.fromkeys(COMPANIES, 7)
    assert read_pages("aire", overlay)["list.previous"] == SHIPPED["list.previous"]
    assert SHIPPED.number("limits.page_timeout_s") == 30


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[list]\nnxt = 'a'", "perhaps «list.next»"),
        ("[list]\nnext = 3", "must be a text"),
        ("[list]\nnext = ''", "not empty"),
        ("[list]\nfooter_range = '('", "no pattern"),
        ("[list]\nfooter_range = '(.) - (.)'", "3 groups"),
        ("[limits]\nanswer_timeout_s = 0", "more than 0"),
        ("[limits]\nanswer_timeout_s = inf", "more than 0"),
        ("[labels]\nnic = 'NIC'", "must be a list of texts"),
        ("[limits]\npage_timeout_s = '9'", "must be a number"),
        ("[limits]\npage_timeout_s = true", "bool"),
        ("[list.next]\nselector = 'a'", "dict"),
        ("next = 'a'", "stands in no section"),
        ("[list\n", "pages.toml"),
        (None, "No such file"),
    ],
)
def test_a_bad_overlay_says_what_is_wrong(tmp_path: Path, text: str | None, says: str) -> None:
    overlay = tmp_path / "pages.toml"
    if text is not None:
        overlay.write_text(text)
    with pytest.raises(PagesFileError, match=re.escape(says)) as raised:
        read_pages("aire", overlay)
    assert "OV_PORTAL_PAGES (pages.toml)" in str(raised.value)


def test_lines_read_back_as_an_overlay(tmp_path: Path) -> None:
    overlay = tmp_path / "pages.toml"
    names = {
        "list.next": 'a[title="l\'avance"]',
        "list.eye": 'a[x="y\\\\z"]',
        "labels.nic": ["NIC", "Número «x»"],
    }
    overlay.write_text(overlay_of(line(name, value) for name, value in names.items()))
    pages = read_pages("aire", overlay)
    assert json.loads(json.dumps({name: pages.names[name] for name in names})) == names


def test_what_comes_nearest() -> None:
    states = ["Todos", "Radicado", "En proceso", "Finalizada (cerrada)"]
    assert nearest_text(["Finalizado"], states) == "Finalizada (cerrada)"
    assert nearest_text(["Finalizado", "Cerrado"], ["Todos", "Radicado", "Gestionado"]) is None
    for text in ("1 - 10 de 23", "Mostrando 1 a 10 de un total de 23 registros", "1–10 of 23"):
        pattern = range_like(text)
        assert pattern
        assert re.match(pattern, text).groups() == ("1", "10", "23")
    assert range_like("Página 2") is None
    assert range_like("23 registros, 1 - 10") is None


@pytest.mark.parametrize(
    ("renamed", "dropped", "added", "found"),
    [
        ({"numero_radicado": "Radicado de la PQR"}, set(), {}, {"numero_radicado": "Radicado de la PQR"}),
        ({"telefono": "Fijo", "celular": "Móvil"}, set(), {}, {"telefono": "Fijo", "celular": "Móvil"}),
        ({"nic": "Cuenta", "comentarios": "Notas"}, set(), {}, {"nic": "Cuenta", "comentarios": "Notas"}),
        (
            {"estado_solicitud": "Situación"},
            {"finalizar", "comentarios"},
            {},
            {"estado_solicitud": "Situación"},
        ),
        # What is gone is not what else stands there.
        ({}, {"lectura"}, {"celular": "Barrio"}, {}),
        ({"lectura": "Medida"}, set(), {"lectura": "Barrio"}, {}),
    ],
)
def test_a_label_is_only_taken_for_a_field_that_it_must_be(
    renamed: dict[str, str], dropped: set[str], added: dict[str, str], found: dict[str, str]
) -> None:
    labels = []
    for name in FIELDS:
        if name in added:
            labels.append(added[name])
        if name not in dropped:
            labels.append(renamed.get(name, SHIPPED.words(f"labels.{name}")[0]))
    assert nearest_labels(labels, SHIPPED) == found
