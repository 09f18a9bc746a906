"""Take the pictures of docs/img from a running `ov up`:

    eval "$(ov env)"; ov backfill --company aire --from 2025-09-29 --to 2025-10-14; python docs/screenshots.py

It does what an operator does, with the browser of the tests: materializes the chain of one partition by the
dialog of its job, waits until the run has succeeded, and opens the report. The backfill before it fills the
trend of the report; the graph is fuller still once the two jobs of the list and the summary have run.
"""

import sys
import time
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests aren't installed

from ov_assets.days import CompanyDay  # noqa: E402
from ov_assets.operations.graphql import DagsterApi  # noqa: E402
from ov_assets.settings import Settings  # noqa: E402
from ov_assets_tests.e2e.dagster_ui import dagster_ui  # noqa: E402

PICTURES = ROOT / "docs/img"
PARTITION = CompanyDay("aire", date(2025, 10, 14))
RUN_TIMEOUT_SECONDS = 240
SETTLED_MS = 4000  # the graph moves into place, and a toast goes away
LAST_RUN = """query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}, limit: 1) { ... on Runs {
  results { runId status } } } }"""


def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)
    print(f"docs/img/{name}.png")


def last_run(api: DagsterApi) -> dict[str, str]:
    tags = [{"key": "dagster/partition", "value": str(PARTITION)}]
    runs: list[dict[str, str]] = api.ask(LAST_RUN, tags=tags)["runsOrError"]["results"]
    return runs[0] if runs else {"runId": "", "status": ""}


def wait_for_success(api: DagsterApi, before: str) -> None:
    """Until the run that came after `before` has succeeded."""
    deadline = time.monotonic() + RUN_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        run = last_run(api)
        if run["runId"] != before and run["status"] == "SUCCESS":
            return
        if run["runId"] != before and run["status"] in ("FAILURE", "CANCELED"):
            raise SystemExit(f"run {run['runId']} of {PARTITION}: {run['status']}")
        time.sleep(1)
    raise SystemExit(f"no run of {PARTITION} succeeded within {RUN_TIMEOUT_SECONDS} s")


def main() -> None:
    url = Settings().dagster_webserver_url
    api = DagsterApi(url)
    with dagster_ui(url) as ui:
        before = last_run(api)["runId"]
        ui.materialize(PARTITION, lambda page: shoot(page, "materializar"))
        wait_for_success(api, before)

        shoot(ui.graph(), "grafo")

        ui.page.set_viewport_size({"width": 1500, "height": 800})
        month = (PARTITION.day.replace(day=1), PARTITION.day + timedelta(days=3))
        shoot(ui.partitions("s3_objects", PARTITION, days=month), "particiones")

        report = ui.report(PARTITION)
        report.set_viewport_size({"width": 1100, "height": 900})
        shoot(report, "reporte", whole=True)


if __name__ == "__main__":
    main()
