"""One capture in a process of its own, for a test that kills it. Arguments: one JSON object."""

import json
import sys
from datetime import date, datetime
from pathlib import Path

from ov_assets.companies import COMPANIES
from ov_assets.portal.capture import capture_day
from ov_assets.portal.pages_file import read_pages
from ov_assets.portal.site import Keep, Limits, Site
from ov_assets.pqr.captures import CaptureStore
from ov_assets.timezone import BOGOTA


def main() -> None:
    given = json.loads(sys.argv[1])
    company, day = given["company"], date.fromisoformat(given["day"])
    pages = read_pages(company)
    limits = Limits.of(pages, tabs=given["tabs"], keep=Keep(Path(given["home"])))
    site = Site(COMPANIES[company], given["url"], given["username"], given["password"], pages)
    store = CaptureStore(Path(given["data_dir"]), company, day)

    def tell(done: int, total: int) -> None:
        print(done, flush=True)

    report = capture_day(site, day, store, limits, lambda: datetime.now(BOGOTA), tell)
    print("end", len(report.listed), len(report.failures), flush=True)


if __name__ == "__main__":
    main()
