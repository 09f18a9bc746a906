"""The same PQRs, the same files, captured by others: Crawlee for Python, and the predecessor's way.

All share our log-in, filter and field-reading scripts, so that what is compared is how pages are opened,
printed and left, and not who wrote the better selector.
"""

import asyncio
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import monotonic

from crawlee import ConcurrencySettings, Request
from crawlee.browsers import BrowserPool, PlaywrightBrowserPlugin
from crawlee.configuration import Configuration
from crawlee.crawlers import PlaywrightCrawler, PlaywrightCrawlingContext, PlaywrightPreNavCrawlingContext
from crawlee.router import Router
from crawlee.storage_clients import FileSystemStorageClient
from playwright.async_api import Page, async_playwright

from ov_assets.portal.browser.blocking import block_needless
from ov_assets.portal.browser.chromium import SWITCHES, executable, launch
from ov_assets.portal.browser.login import log_in
from ov_assets.portal.pages.columns import listed_rows
from ov_assets.portal.pages.detail import PDF_MARGIN
from ov_assets.portal.pages.filter import open_filter, set_filter
from ov_assets.portal.pages.look import FINALIZADO, Filter
from ov_assets.portal.pages.reading import field_name
from ov_assets.portal.pages.table import page_ready
from ov_assets.portal.row import ListedRow
from ov_assets.portal.site import Site
from ov_assets.pqr.record import Pqr, normalise

ANSWER_S = 30.0
# What the predecessor slept for each record: tab, load, scroll, and between two records.
FIXED_WAITS_S = (1.5, 3.0, 1.0, 2.0)


@dataclass(frozen=True)
class Job:
    """Which PQRs to fetch, into which folder, and how many at once."""

    site: Site
    day: date
    count: int
    folder: Path
    tabs: int


async def listed(page: Page, job: Job) -> list[ListedRow]:
    """Log in, filter, and walk the list once."""
    await log_in(page, job.site, ANSWER_S, lambda: None)
    await page.goto(job.site.list_url)
    pages = job.site.pages
    await open_filter(page, pages)
    await set_filter(page, job.site, Filter(FINALIZADO, job.day, job.day), {})
    await page.locator(pages["filter.search"]).first.click()
    read_list = pages.script("read_list")
    filtered = f"(total) => {{ const {{range}} = ({read_list})(); return range && range[2] === total; }}"
    await page.wait_for_function(filtered, arg=job.count)
    rows: list[ListedRow] = []
    seen = None  # the footer moves before the rows do
    while True:
        handle = await page.wait_for_function(page_ready(pages), arg=[len(rows) + 1, seen])
        shown = await handle.json_value()
        rows += listed_rows(job.site, shown, FINALIZADO)
        seen = json.dumps([row["href"] for row in shown["rows"]], ensure_ascii=False, separators=(",", ":"))
        if len(rows) >= job.count:
            return rows
        await page.locator(pages["list.next"]).first.click()


async def keep(page: Page, job: Job, radicado: str) -> None:
    """The 18 fields, the PDF and every attachment of a PQR, in a folder of its own."""
    pages = job.site.pages
    await page.wait_for_function(pages.script("shows_radicado"), arg=radicado)
    raw = await page.evaluate(pages.script("read_detail"))
    shown = {name: value or "" for label, value in raw["pairs"] if (name := field_name(label, pages))}
    folder = job.folder / radicado
    folder.mkdir(parents=True)
    (folder / "pqr.json").write_bytes(Pqr.of(shown, {}).to_json())
    (folder / "detalle.pdf").write_bytes(
        await page.pdf(format="A4", print_background=True, margin=PDF_MARGIN)
    )
    for index, name in enumerate(raw["attachments"]):
        async with page.expect_download() as download:
            await page.locator(pages["detail.attachment"]).nth(index).dispatch_event("click")
        await (await download.value).save_as(folder / normalise(name))


async def crawlee(job: Job, home: Path) -> int:
    """A PlaywrightCrawler with its durable queue: one list request, which adds a request per PQR."""
    router: Router[PlaywrightCrawlingContext] = Router()

    @router.handler("list")
    async def on_list(context: PlaywrightCrawlingContext) -> None:
        rows = await listed(context.page, job)
        await context.add_requests(
            [
                Request.from_url(
                    job.site.detail_url(row.href), label="detail", unique_key=row.numero_radicado
                )
                for row in rows
            ]
        )

    @router.handler("detail")
    async def on_detail(context: PlaywrightCrawlingContext) -> None:
        await keep(context.page, job, context.request.unique_key)

    async with async_playwright() as playwright:
        path = executable(None, Path(playwright.chromium.executable_path))
    plugin = PlaywrightBrowserPlugin(
        browser_launch_options={"executable_path": path, "args": list(SWITCHES), "chromium_sandbox": False},
        browser_new_context_options={"accept_downloads": True},
        max_open_pages_per_browser=job.tabs,
    )
    crawler = PlaywrightCrawler(
        browser_pool=BrowserPool([plugin], retire_browser_after_page_count=1_000),
        concurrency_settings=ConcurrencySettings(job.tabs, job.tabs, desired_concurrency=job.tabs),
        storage_client=FileSystemStorageClient(),
        configuration=Configuration(
            storage_dir=str(home), memory_mbytes=16_000, available_memory_ratio=0.9, log_level="ERROR"
        ),
        request_handler=router,
        request_handler_timeout=timedelta(seconds=120),
        max_request_retries=0,
        configure_logging=False,
    )

    @crawler.pre_navigation_hook
    async def block(context: PlaywrightPreNavCrawlingContext) -> None:
        await block_needless(context.page, "print")

    await crawler.run([Request.from_url(job.site.login_url, label="list")])
    return len(list(job.folder.iterdir()))


async def predecessor(job: Job, only: int) -> tuple[int, float]:
    """A new tab per record and its fixed waits; how many, and in how many seconds, log-in and list apart."""
    async with async_playwright() as playwright:
        browser = await launch(playwright, None)
        context = await browser.new_context(accept_downloads=True)
        page = await context.new_page()
        await page.goto(job.site.login_url)
        rows = await listed(page, job)
        begin = monotonic()
        for row in rows[:only]:
            tab = await context.new_page()
            await asyncio.sleep(FIXED_WAITS_S[0])
            await tab.goto(job.site.detail_url(row.href))
            await tab.wait_for_load_state("networkidle")
            for seconds in FIXED_WAITS_S[1:]:
                await asyncio.sleep(seconds)
            await keep(tab, job, row.numero_radicado)
            await tab.close()
        seconds = monotonic() - begin
        await browser.close()
    return only, seconds
