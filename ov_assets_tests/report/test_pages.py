"""The pages as pure functions: the same numbers, the same bytes; sound markup for any numbers."""

import json
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ov_assets.checks.daily import unusual
from ov_assets.report import svg
from ov_assets.report.pages import number, seconds, size
from ov_assets.report.picture import as_markdown, picture
from ov_assets.report.summary import CompanySummary, Summary
from ov_assets.report.summary import to_html as summary_html
from ov_assets.report.verification import Missing, TrendDay, Verification, to_html, to_json

DAY = date(2025, 10, 13)
TREND = [TrendDay(DAY - timedelta(days=n), 40 + n, 40, 40) for n in range(29, -1, -1)]
GOOD = Verification(
    "aire", "Air-e", DAY, 2, 2, 2, 2, 0, 7,
    {"json": 2, "pdf": 2, "adjunto": 2, "csv": 1}, 1_400_000, 7, {"subido": 7},
    cobertura={"nic": 2, "comentarios": 0}, tendencia=TREND,
)  # fmt: skip
BAD = replace(
    GOOD, en_s3=5, rechazadas=1, estados={"subido": 5, "error": 1, "conflicto": 1},
    faltantes=[Missing("0012", "archivo pdf", "otros_bytes"), Missing("<b>", "captura", "DetailMissing")],
    cuarentena=[Missing("", "fila", "sin_radicado")],
)  # fmt: skip


def test_a_page_says_whether_the_day_is_complete_and_what_is_missing_and_why() -> None:
    assert "✓ Completo" in to_html(GOOD)
    page = to_html(BAD)
    assert "✗ Incompleto" in page
    for told in (
        "0012",
        "otros_bytes",
        "DetailMissing",
        "&lt;b&gt;",
        "sin_radicado",
        "lunes 13/10/2025",
        "1,4 MB",
    ):
        assert told in page
    assert "<b>" not in page


def test_the_same_numbers_give_the_same_bytes_and_nothing_from_outside() -> None:
    durations = {"pqr_captures": 75.0, "s3_objects": 3.25}
    assert to_html(BAD, durations) == to_html(BAD, durations)
    assert "1 min 15 s" in to_html(BAD, durations)
    assert to_json(BAD) == to_json(replace(BAD))
    for outside in ("<script", "src=", "href=", "url("):
        assert outside not in to_html(BAD, durations)


def test_the_json_holds_the_same_numbers() -> None:
    document = json.loads(to_json(BAD))
    assert (document["fecha"], document["completo"], document["en_s3"]) == ("2025-10-13", False, 5)
    assert document["tendencia"][-1] == {
        "fecha": "2025-10-13",
        "listadas": 40,
        "en_rds": 40,
        "verificadas": 40,
    }


def test_an_empty_day_is_no_error() -> None:
    empty = replace(
        GOOD, listadas=0, capturadas=0, en_csv=0, en_rds=0, archivos=1, en_s3=1,
        cobertura={"nic": 0}, tendencia=[],
    )  # fmt: skip
    assert empty.completo
    assert "Es un día vacío" in to_html(empty)


def test_the_summary_names_the_company_that_is_not_complete_and_the_days_behind() -> None:
    late = [replace(TREND[-2], verificadas=38), TREND[-1]]
    page = summary_html(
        Summary(
            DAY,
            [
                CompanySummary("afinia", "Afinia", 40, 40, 0, 100, 100, [], TREND[-2:]),
                CompanySummary("aire", "Air-e", 40, 39, 0, 100, 90, ["1 PQR listadas sin cargar"], late),
            ],
        )
    )
    assert page.count("✗ Incompleto") == 2  # the day and Air-e
    assert "1 PQR listadas sin cargar" in page
    assert "12/10 (3)" in page


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=31),
    st.dictionaries(st.sampled_from(sorted(svg.STATE_COLOURS)), st.integers(0, 10**7)),
)
@settings(max_examples=40, deadline=None)
def test_every_plot_is_sound_xml_within_its_frame(counts: list, states: dict) -> None:
    days = [TrendDay(DAY + timedelta(days=n), a, a, b) for n, (a, b) in enumerate(counts)]
    rows = [(state, count, str(count)) for state, count in states.items()]
    plots = [svg.trend(days), svg.states(states), svg.bars("t", rows, max(states.values(), default=0))]
    plots.append(picture("Air-e <&>", DAY, False, GOOD.pasos, days))
    for plot in plots:
        root = ElementTree.fromstring(plot)  # noqa: S314
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for item in root.iter("{http://www.w3.org/2000/svg}rect"):
            x, y, w, h = (float(item.attrib[name]) for name in ("x", "y", "width", "height"))
            assert x >= -0.1
            assert y >= -0.1
            assert x + w <= width + 30  # a sliver of a state is drawn wider than it is
            assert y + h <= height + 0.1


def test_the_picture_is_small() -> None:
    drawn = picture("Air-e", DAY, False, BAD.pasos, TREND)
    assert len(as_markdown(drawn, "x").encode()) < 30_000


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0 B"), (999, "999 B"), (1_000, "1,0 kB"), (2_500_000_000, "2,5 GB")]
)
def test_sizes(value: int, shown: str) -> None:
    assert size(value) == shown


def test_numbers_and_times() -> None:
    assert (number(1234567), seconds(8.44), seconds(200)) == ("1.234.567", "8,4 s", "3 min 20 s")


@pytest.mark.parametrize(
    ("count", "history", "told"),
    [
        (30, [28, 35, 31, 40], False),
        (13, [28, 35, 31, 40], True),
        (0, [28, 35, 31, 40, 0, 0], True),
        (81, [28, 35, 31, 40], True),
        (0, [28, 35, 31], False),
        (5, [0, 0, 0, 0, 0, 0, 0, 0], False),
    ],
)
def test_an_unusual_volume(count: int, history: list[int], told: bool) -> None:
    assert (unusual(count, history) is not None) is told
