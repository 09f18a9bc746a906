"""Take the pictures of docs/img from a running `ov up`:

    eval "$(ov env)"; python docs/screenshots.py [address of Dagster] [company|date]

It does what an operator does, in a real browser: materializes the whole chain of that partition from the
asset graph, waits until its run has succeeded, and opens the report.
"""

import sys
import time
from contextlib import suppress
from pathlib import Path

import requests
from playwright.sync_api import Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ov_assets.partitions import CompanyDay, company_day
from ov_assets.portal.chromium import SWITCHES, executable
from ov_assets.settings import Settings

PICTURES = Path(__file__).parent / "img"
GRAPH = "/locations/ov_assets/asset-groups/oficina_virtual/lineage"
RUN_TIMEOUT_SECONDS = 240
VISIBLE_MS = 60_000
CLICKS = 5
RUNS = """query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}, limit: 1) { ... on Runs {
  results { runId status assetSelection { path } } } } }"""


def shoot(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
    print(f"docs/img/{name}.png")


def materialize(page: Page, url: str, path: str, partition: CompanyDay) -> str:
    """Materialize what the page at `path` offers, for one partition, through Dagster's own dialog."""
    page.goto(url + path)
    before = latest_run(url, partition)
    page.get_by_role("button", name="Materialize").first.click(timeout=VISIBLE_MS)
    dialog = page.get_by_role("dialog")
    choice = page.get_by_text(partition.company, exact=True).first
    for _ in range(CLICKS):  # the dialog draws itself anew while it loads, and loses a click
        dialog.get_by_text("Select a partition").last.click(timeout=VISIBLE_MS)
        with suppress(PlaywrightTimeout):
            choice.click(timeout=2_000)
            break
    page.keyboard.press("Escape")
    date = dialog.locator("input[placeholder^='ex:']")
    date.fill(partition.day.isoformat())
    date.press("Enter")
    launch = dialog.get_by_role("button", name="Launch 1 run")
    expect(launch).to_be_enabled(timeout=VISIBLE_MS)
    if path == GRAPH:
        shoot(page, "materializar")
    launch.click()
    return wait_for_success(url, partition, before)


def latest_run(url: str, partition: CompanyDay) -> dict[str, str] | None:
    tags = [{"key": "dagster/partition", "value": str(partition)}]
    answer = requests.post(f"{url}/graphql", json={"query": RUNS, "variables": {"tags": tags}}, timeout=30)
    runs = answer.json()["data"]["runsOrError"]["results"]
    return runs[0] if runs else None


def wait_for_success(url: str, partition: CompanyDay, before: dict[str, str] | None) -> str:
    """The id of the run that came after `before`, once it has succeeded."""
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        run = latest_run(url, partition)
        if run and (before is None or run["runId"] != before["runId"]):
            if run["status"] == "SUCCESS":
                return run["runId"]
            if run["status"] in ("FAILURE", "CANCELED"):
                raise SystemExit(f"run {run['runId']} of {partition}: {run['status']}")
        time.sleep(1)
    raise SystemExit(f"no run of {partition} succeeded within {RUN_TIMEOUT_SECONDS} s")


def main() -> None:
    settings = Settings()
    url = (sys.argv[1] if len(sys.argv) > 1 else settings.dagster_webserver_url).rstrip("/")
    partition = company_day(sys.argv[2] if len(sys.argv) > 2 else "aire|2025-10-14")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(settings.ov_chromium, Path(playwright.chromium.executable_path)),
            args=[*SWITCHES, "--no-sandbox"],
        )
        page = browser.new_page(
            viewport={"width": 1800, "height": 760}, locale="es-CO", timezone_id="America/Bogota"
        )
        materialize(page, url, GRAPH, partition)

        page.set_viewport_size({"width": 2600, "height": 800})  # wide enough for the nodes to say their state
        page.goto(url + GRAPH)
        expect(page.get_by_text("verificati").first).to_be_visible(timeout=VISIBLE_MS)
        page.wait_for_timeout(3000)  # the graph moves into place
        shoot(page, "grafo")

        page.set_viewport_size({"width": 1800, "height": 760})
        page.goto(f"{url}/assets/s3_objects?view=partitions&partition={partition.company}%7C{partition.day}")
        expect(page.get_by_text("Partitions Selected").first).to_be_visible(timeout=VISIBLE_MS)
        page.wait_for_timeout(3000)
        shoot(page, "particiones")

        page.set_viewport_size({"width": 1100, "height": 900})
        page.goto((settings.data_dir / "reportes" / partition.company / f"{partition.day}.html").as_uri())
        shoot(page, "reporte")
        browser.close()


if __name__ == "__main__":
    main()
