"""What is kept of the first fault of each kind in a run: a masked picture, scrubbed HTML, the step.

Nothing of it holds a personal value: cells, fields and frames are covered in the picture, and of the HTML
only captions keep their text. No Playwright trace is ever made, since a trace holds the password.
"""

import asyncio
import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from ov_assets.portal.browser.kept_files import PRIVATE_FOLDER, keep_private
from ov_assets.portal.errors import PortalError
from ov_assets.portal.site import Keep, Site

HTML_MAX_BYTES = 200_000
PICTURE_MAX_BYTES = 400_000
PICTURE_QUALITY = 40
LOOK_TIMEOUT_S = 5.0
SECONDS_PER_DAY = 86_400


@dataclass(slots=True)
class Evidence:
    """The evidence of one run: at most one folder a kind of fault."""

    site: Site
    day: date
    keep: Keep | None
    folders: dict[str, Path] = field(default_factory=dict)

    async def note(self, error: PortalError, step: str, page: Page | None, console: Counter[str]) -> None:
        """Keep what the page shows, if this is the first fault of its kind; a broken page is no error."""
        kind = type(error).__name__
        if self.keep is None or kind in self.folders:
            return
        company = self.site.company.slug
        stamp = datetime.now().astimezone()
        folder = self.keep.evidence / company / self.day.isoformat() / f"{stamp:%Y%m%dT%H%M%S%f}-{kind}"
        folder.mkdir(parents=True, mode=PRIVATE_FOLDER)
        self.folders[kind] = folder
        about = {
            "kind": kind,
            "message": str(error),
            "step": step,
            "company": company,
            "at": stamp.isoformat(timespec="seconds"),
            "console": dict(console),
        }
        keep_private(folder / "about.json", json.dumps(about, ensure_ascii=False, indent=2).encode())
        if page is not None and not page.is_closed():
            for name, look in (("page.html", self._html), ("screen.jpg", self._picture)):
                try:
                    data = await asyncio.wait_for(look(page), LOOK_TIMEOUT_S)
                except (PlaywrightError, TimeoutError):
                    continue
                if data:
                    keep_private(folder / name, data)

    async def _html(self, page: Page) -> bytes:
        html: str = await page.evaluate(self.site.pages.script("scrubbed_html"))
        return html.encode()[:HTML_MAX_BYTES]

    async def _picture(self, page: Page) -> bytes:
        pages = self.site.pages
        masked = f"td:not({pages['detail.label']}), {pages['evidence.personal']}"
        mask = [page.locator(masked), page.get_by_text(self.site.username)]
        data = await page.screenshot(
            mask=mask,
            type="jpeg",
            quality=PICTURE_QUALITY,
            animations="disabled",
            timeout=LOOK_TIMEOUT_S * 1000,
        )
        return data if len(data) <= PICTURE_MAX_BYTES else b""


def remove_old_evidence(keep: Keep) -> int:
    """Remove the folders that are older than OV_EVIDENCE_DAYS; returns how many."""
    oldest = time.time() - keep.evidence_days * SECONDS_PER_DAY
    old = [folder for folder in keep.evidence.glob("*/*/*") if folder.stat().st_mtime < oldest]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
