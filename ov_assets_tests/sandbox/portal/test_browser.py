"""The pages in real Chromium, on the real AngularJS libraries: what page objects will rely on."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

import httpx
import pypdf
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from ov_assets.sandbox.portal.app import LIST_PATH
from ov_assets.sandbox.portal.fields import FIELDS

from .conftest import ACCOUNTS, DAY, NOW, Server

RANGE = "md-table-pagination .buttons .label"
READ_DETAIL = """() => [...document.querySelectorAll("td.text-td-label")].map(label => {
  const cell = label.nextElementSibling;
  const control = cell.querySelector("input[type=text], textarea");
  const files = [...cell.querySelectorAll(".link-archivo")].map(file => file.textContent);
  return [label.textContent, control ? control.value : files.length ? files.join("\\n") : cell.textContent];
})"""


class Afinia:
    """One logged-in browser and the control API of its portal."""

    def __init__(self, url: str, context: BrowserContext):
        self.url, self.context = url, context
        self.control = httpx.Client(base_url=f"{url}/__control__", timeout=20)
        self.list_url = f"{url}{quote(LIST_PATH)}"

    def faults(self, **switches: object) -> None:
        self.control.put("/faults", json=switches).raise_for_status()

    def truth(self) -> list[dict]:
        return self.control.get("/truth", params={"date": DAY, "estado": "Finalizado"}).json()

    def open_list(self) -> Page:
        page = self.context.new_page()
        page.goto(f"{self.list_url}#/List")
        page.locator("tbody.md-body tr.md-row").first.wait_for()
        return page

    def open_detail(self, pqr: dict, page: Page | None = None) -> Page:
        page = page or self.context.new_page()
        page.goto(urljoin(self.list_url, f"#Detail/{pqr['id']}"))
        return page


def type_account(page: Page, company: str) -> None:
    username, password = ACCOUNTS[company]
    page.locator("input[id$=txtUsername]").press_sequentially(username, delay=20)
    page.locator("input[id$=txtPassword]").press_sequentially(password, delay=30)


def cell(page: Page, label: str) -> Locator:
    return (
        page.locator("td.text-td-label")
        .get_by_text(label, exact=True)
        .locator("xpath=following-sibling::td[1]")
    )


@pytest.fixture(scope="module")
def session(server: Server, browser: Browser) -> Iterator[Afinia]:
    """One login for the whole module; it goes through the popup and returns to the list."""
    url = server.urls["afinia"]
    httpx.put(f"{url}/__control__/clock", json={"now": NOW.isoformat()}).raise_for_status()
    httpx.put(f"{url}/__control__/faults", json={"popup": {"mode": "late", "ms": 300}}).raise_for_status()
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto(f"{url}{quote(LIST_PATH)}#/List")
        assert "/Login?returnurl=" in page.url
        type_account(page, "afinia")
        page.locator("#myModal").wait_for()
        button = page.locator("button[id$=cmdLogin]").bounding_box()
        centre = [button["x"] + button["width"] / 2, button["y"] + button["height"] / 2]
        covering = "([x, y]) => !!document.elementFromPoint(x, y).closest('#myModal')"
        assert page.evaluate(covering, centre), "the popup covers the button"
        page.click('#myModal a.closePopUp i[ng-click="closeDialog()"]')
        page.click("button:has-text('Ingresar')")
        page.wait_for_url(lambda address: "login" not in address.lower())
        expect(page.get_by_role("link", name="Inicio")).to_be_visible()
        page.close()
        yield Afinia(url, context)


@pytest.fixture
def afinia(session: Afinia) -> Iterator[Afinia]:
    session.control.delete("/faults").raise_for_status()
    yield session
    for page in session.context.pages:
        page.close()


def search(page: Page) -> None:
    """Estado = Finalizado, both dates = DAY, Buscar."""
    page.click('a.accordion-toggle[ng-click="toggleOpen()"]')
    page.click('accordion md-select[name="Estado"][ng-model="filtros.Estado"]')
    page.click("body > .md-select-menu-container md-select-menu md-option:has-text('Finalizado')")
    page.locator("md-backdrop.md-select-backdrop").wait_for(state="detached")
    page.wait_for_timeout(400)  # the closing select takes the focus back
    for model in ("filtros.fechaInicial", "filtros.fechaFinal"):
        field = page.locator(
            f'.campo-fecha [ng-model="{model}"] input.md-datepicker-input[placeholder="YYYY-MM-DD"]'
        )
        field.click()
        field.fill(DAY)
        page.wait_for_timeout(650)
    page.click('button.md-raised.md-primary[ng-click="Search()"][aria-label="Buscar"]')


def test_filter_walk_and_read_details(afinia: Afinia):
    """The whole way of an operator, compared with the truth."""
    outside = []
    afinia.context.on(
        "request",
        lambda request: outside.append(request.url) if not request.url.startswith(afinia.url) else None,
    )
    truth = afinia.truth()
    page = afinia.open_list()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    body = page.locator(".panel-collapse.collapse")
    expect(body).to_have_attribute("style", re.compile(r"height: 0px"))
    unfiltered = page.locator(RANGE).inner_text()
    search(page)
    expect(page.locator(RANGE)).to_have_text(f"1 - 10 de {len(truth)}")
    assert unfiltered != page.locator(RANGE).inner_text()
    next_button = page.locator('md-table-pagination .buttons button[aria-label="Next"]')
    rows = page.locator("tbody.md-body tr.md-row")
    found, links = [], []
    while True:
        first, last = len(found), min(len(found) + 10, len(truth))
        expect(page.locator(RANGE)).to_have_text(f"{first + 1} - {last} de {len(truth)}")
        expect(rows.first.locator("td.md-cell").first).to_have_text(truth[first]["numero_radicado"])
        found += rows.locator("td.md-cell:first-child").all_text_contents()
        links += rows.locator('td.md-cell.md-actions a.md-primary[tooltip="Ver PQR"]').evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )
        assert rows.first.locator("td.md-cell").count() == 12
        if next_button.is_disabled():
            break
        next_button.click()
    assert found == [pqr["numero_radicado"] for pqr in truth]
    assert links == [f"#Detail/{pqr['id']}" for pqr in truth]
    detail = afinia.context.new_page()
    for pqr in truth:
        afinia.open_detail(pqr, detail)
        expect(cell(detail, "N° Radicado PQR")).to_have_text(pqr["numero_radicado"])
        expect(detail.locator('input[name="NumeroReclamoSGC"]')).to_have_value(
            pqr["campos"]["numero_reclamo_sgc"]
        )
        shown = detail.evaluate(READ_DETAIL)
        assert [label for label, _ in shown] == [label for _, label in FIELDS]
        assert [value for _, value in shown] == list(pqr["campos"].values())
    assert f"#/Detail/{truth[-1]['id']}" in detail.url
    assert outside == []
    assert errors == []


def test_attachments_and_print(afinia: Afinia):
    pqr = next(pqr for pqr in afinia.truth() if len(pqr["adjuntos"]) == 1)
    page = afinia.open_detail(pqr)
    link = page.locator('div.link-archivo.ng-binding[role="button"][ng-click^="descargarAdjunto"]')
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == pqr["adjuntos"][0]["nombre"]
    data = Path(download.value.path()).read_bytes()
    assert hashlib.sha256(data).hexdigest() == pqr["adjuntos"][0]["sha256"]
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", print_background=True)))
    assert pqr["numero_radicado"] in printed.pages[0].extract_text()

    afinia.faults(attachments="new_tab")
    page.reload()
    with afinia.context.expect_page() as opened:
        link.click()
    opened.value.close()

    afinia.faults(attachments="inline_viewer")
    page.reload()
    link.click()
    page.locator(".visor-archivo iframe[src^='blob:']").wait_for(state="attached")

    afinia.faults(attachments="http_500")
    page.reload()
    with page.expect_response(lambda response: "/Adjunto/Get" in response.url) as answer:
        link.click()
    assert answer.value.status == 500


def test_keys_typed_too_fast_are_dropped(server: Server, browser: Browser):
    url = server.urls["aire"]
    page = browser.new_page()
    page.goto(f"{url}/login")
    password = page.locator("input[id$=txtPassword]")
    password.press_sequentially("abcdefghijkl")
    assert len(password.input_value()) < 12
    httpx.put(f"{url}/__control__/faults", json={"dropped_keystrokes": {"every": 3, "attempts": 1}})
    page.reload()
    password.press_sequentially("abcdef", delay=30)
    assert password.input_value() == "abde"
    password.fill("")
    password.press_sequentially("abcdef", delay=30)
    assert password.input_value() == "abcdef"
    httpx.delete(f"{url}/__control__/faults")
    assert page.locator("#myModal").count() == 0
    page.locator("input[id$=txtUsername]").fill("operador dos")
    password.fill("wrong")
    page.click("button[id$=cmdLogin]")
    expect(page.locator(".dnnFormMessage")).to_contain_text("incorrectos")
    assert "/Login" in page.url
    page.context.close()


def test_pager_quirks(afinia: Afinia):
    """The range runs ahead of the rows, a failed page leaves old rows, and a click may be ignored."""
    page = afinia.open_list()
    rows = page.locator("tbody.md-body tr.md-row td.md-cell:first-child")
    next_button = page.locator('button[aria-label="Next"]')
    before = rows.all_text_contents()
    afinia.faults(xhr_slow=700)
    next_button.click()
    expect(page.locator(RANGE)).to_contain_text("11 - 20 de")
    assert rows.all_text_contents() == before
    expect(next_button).to_be_enabled()
    expect(rows.first).not_to_have_text(before[0])
    second = rows.all_text_contents()
    afinia.faults(xhr_slow=None, list_500=1)
    with page.expect_response(lambda response: response.status == 500):
        next_button.click()
    expect(page.locator(RANGE)).to_contain_text("21 - 30 de")
    assert rows.all_text_contents() == second
    afinia.faults(list_500=None, next_ignored=1)
    next_button.click()
    expect(page.locator(RANGE)).to_contain_text("31 - 40 de")
    expect(rows.first).not_to_have_text(second[0])  # the answer is there, and armed the next click
    next_button.click()
    page.wait_for_timeout(200)
    expect(page.locator(RANGE)).to_contain_text("31 - 40 de")
    next_button.click()
    expect(page.locator(RANGE)).to_contain_text("41 - 50 de")


def test_first_load_that_fails_and_an_empty_answer_look_different(afinia: Afinia):
    afinia.faults(list_500=1)
    page = afinia.context.new_page()
    page.goto(f"{afinia.list_url}#/Detail")
    expect(page.locator(RANGE)).to_have_text("0 - 0 de 0")
    page.wait_for_timeout(200)
    expect(page.get_by_text("No se encontraron registros")).to_have_count(0)
    afinia.faults(empty_result=True)
    page.reload()
    expect(page.get_by_text("No se encontraron registros")).to_be_visible()
    expect(page.locator(RANGE)).to_have_text("0 - 0 de 0")


def test_same_tab_navigation_clears_first_and_stale_details_show(afinia: Afinia):
    first, second = afinia.truth()[:2]
    page = afinia.open_detail(first)
    radicado = cell(page, "N° Radicado PQR")
    expect(radicado).to_have_text(first["numero_radicado"])
    afinia.faults(xhr_slow=600)
    afinia.open_detail(second, page)
    expect(radicado).to_have_text("")
    expect(radicado).to_have_text(second["numero_radicado"])
    afinia.faults(xhr_slow=None, detail_stale=700)
    afinia.open_detail(first, page)
    expect(radicado).to_have_text(second["numero_radicado"])
    expect(radicado).to_have_text(first["numero_radicado"])
    afinia.faults(detail_stale=None, detail_404={"radicado": second["numero_radicado"]})
    afinia.open_detail(second, page)
    expect(page.locator(".alert-danger")).to_contain_text("no existe")
    expect(radicado).to_have_text("")


def test_an_expired_session_ends_on_the_login_page(afinia: Afinia):
    page = afinia.open_list()
    afinia.faults(expire_now=True)
    page.click('button[aria-label="Next"]')
    page.wait_for_url("**/Login?returnurl=*")
