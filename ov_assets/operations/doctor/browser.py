"""The browser: there, and able to start."""

import asyncio
from collections.abc import Iterator

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from ov_assets.operations.doctor.diagnosis import Area, Diagnosis
from ov_assets.portal.browser.chromium import NoBrowserError, launch
from ov_assets.settings import Settings

AREA = Area("Navegador")
STARTS = "arranca"


def look() -> Iterator[Diagnosis]:
    try:
        yield AREA.good(STARTS, f"Chromium {asyncio.run(_version())}")
    except NoBrowserError as error:
        yield AREA.bad(STARTS, str(error), "Ejecute `make setup`, o ponga en OV_CHROMIUM la ruta de uno.")
    except PlaywrightError as error:
        yield AREA.bad(
            STARTS,
            error.message.splitlines()[0],
            "Suelen faltar librerías del sistema: `.venv/bin/playwright install-deps chromium`. "
            "Si OV_CHROMIUM nombra uno, pruébelo con `--version`.",
        )


async def _version() -> str:
    async with async_playwright() as playwright:
        chromium = await launch(playwright, Settings().ov_chromium)
        try:
            return chromium.version
        finally:
            await chromium.close()
