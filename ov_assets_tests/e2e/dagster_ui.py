"""Dagster's UI as an operator uses it, in a real browser; docs/screenshots.py takes its pictures with it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ov_assets.days import CompanyDay
from ov_assets.portal.browser.chromium import SWITCHES, executable
from ov_assets.settings import Settings

VISIBLE_MS = 60_000
CLICKS = 5
REDRAWN_MS = 5_000
GRAPH_SIZE: ViewportSize = {"width": 850, "height": 1800}
GRAPH_ZOOM = 0.7  # a step is 0.05; from 0.6 down the nodes no longer tell their state
# From top to bottom, so that a whole graph can be read; no menu beside it.
PREFERENCES = """localStorage.setItem('asset-graph-direction', '"vertical"');
localStorage.setItem('dagster-nav-collapsed', 'true');"""


class DagsterUi:
    """The pages of one web server; each method leaves its page open and ready to be looked at."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def graph(self) -> Page:
        """The graph of all assets; it draws only the nodes that are in view, so all of them have to be."""
        self.page.set_viewport_size(GRAPH_SIZE)
        self.page.goto(f"{self.url}/locations/ov_assets/asset-groups/oficina_virtual/lineage")
        expect(self.page.get_by_text("rds_table").first).to_be_visible(timeout=VISIBLE_MS)
        zoom = 1.0
        while zoom > GRAPH_ZOOM:
            self.page.get_by_role("button", name="zoom_out").click()
            zoom = float(self.page.evaluate("localStorage.getItem('defaultZoom')"))
        expect(self.page.get_by_text("daily_summary").first).to_be_visible(timeout=VISIBLE_MS)
        expect(self.page.get_by_text("Loading...")).to_have_count(0, timeout=VISIBLE_MS)
        return self.page

    def partitions(self, asset: str, partition: CompanyDay, days: tuple[date, date] | None = None) -> Page:
        """The partitions of an asset, one of them chosen; of these days only, from and to, if given."""
        chosen = f"{partition.company}%7C{partition.day}"
        self.page.goto(f"{self.url}/assets/{asset}?view=partitions&partition={chosen}")
        expect(self.page.get_by_text(str(partition)).first).to_be_visible(timeout=VISIBLE_MS)
        if days:
            self._choose_days(self.page, f"[{days[0]}...{days[1]}]")
        return self.page

    @staticmethod
    def _choose_days(within: Page | Locator, days: str) -> None:
        field = within.locator("input[placeholder^='ex:']")
        field.fill(days)
        field.press("Enter")
        field.blur()

    def materialize(
        self, partition: CompanyDay, before_launch: Callable[[Page], None] = lambda page: None
    ) -> None:
        """Launch the chain of one partition by the dialog of its job."""
        self.page.goto(f"{self.url}/locations/ov_assets/jobs/ov_chain_job")
        self.page.get_by_role("button", name="Materialize all").click(timeout=VISIBLE_MS)
        choose = self.page.get_by_text("Select a partition").last
        sure = self.page.get_by_role("button", name="Confirm")  # asked while the list was never walked
        expect(choose.or_(sure).first).to_be_visible(timeout=VISIBLE_MS)
        if sure.is_visible():
            sure.click()
        dialog = self.page.get_by_role("dialog")
        company = self.page.get_by_text(partition.company, exact=True).first
        for _ in range(CLICKS):  # the dialog draws itself anew while it loads, and loses a click
            choose.click(timeout=VISIBLE_MS)
            with suppress(PlaywrightTimeout):
                company.click(timeout=REDRAWN_MS)
                break
        self.page.keyboard.press("Escape")
        launch = dialog.get_by_role("button", name="Launch 1 run")
        for _ in range(CLICKS):  # and what was typed
            self._choose_days(dialog, partition.day.isoformat())
            with suppress(PlaywrightTimeout):
                launch.wait_for(timeout=REDRAWN_MS)
                break
        expect(launch).to_be_enabled(timeout=VISIBLE_MS)
        before_launch(self.page)
        launch.click()
        expect(dialog).to_be_hidden(timeout=VISIBLE_MS)

    def report(self, partition: CompanyDay) -> Page:
        """The report of one partition, opened by the link of its asset, in a page of its own."""
        page = self.partitions("verification_report", partition)
        with page.expect_popup(timeout=VISIBLE_MS) as opened:
            row = page.locator("tr").filter(has_text="abrir_reporte")
            row.get_by_role("link").first.click(timeout=VISIBLE_MS)
        opened.value.wait_for_load_state()
        return opened.value


@contextmanager
def dagster_ui(url: str, width: int = 1500, height: int = 800) -> Iterator[DagsterUi]:
    """A browser at `url` whose clock and language are Colombia's. width, height: pixels."""
    with sync_playwright() as playwright:
        bundled = Path(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(
            executable_path=executable(Settings().ov_chromium, bundled),
            args=[*SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
        )
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="es-CO", timezone_id="America/Bogota"
        )
        context.add_init_script(PREFERENCES)
        try:
            yield DagsterUi(context.new_page(), url.rstrip("/"))
        finally:
            browser.close()
