"""Which browser to run, and with which switches."""

import contextlib
import os
import shutil
from pathlib import Path

import psutil
from playwright.async_api import Browser, Playwright

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WEIGH_EVERY_DETAILS = 20
# Background services of the browser itself call out; on a closed network each attempt costs time.
SWITCHES = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
    "--disable-dev-shm-usage",
)


class NoBrowserError(Exception):
    """No Chromium on this machine. Run `make setup`, or name one with OV_CHROMIUM."""


def executable(configured: Path | None, bundled: Path) -> Path:
    """The browser to use: the configured one, Playwright's own, else the system's.

    Raises NoBrowserError, which says what to install.
    """
    if configured is not None:
        if not configured.is_file():
            raise NoBrowserError(f"OV_CHROMIUM names {configured}, which does not exist")
        return configured
    if bundled.is_file():
        return bundled
    for name in CANDIDATES:
        if path := shutil.which(name):
            return Path(path)
    raise NoBrowserError("No Chromium found: run `make setup`, install `chromium`, or set OV_CHROMIUM")


async def launch(playwright: Playwright, configured: Path | None) -> Browser:
    """Start a headless browser; the caller closes it."""
    path = executable(configured, Path(playwright.chromium.executable_path))
    switches = list(SWITCHES)
    if os.geteuid() == 0:
        switches.append("--no-sandbox")  # Chromium refuses its own sandbox to root
    return await playwright.chromium.launch(executable_path=path, args=switches)


def tree_bytes() -> int:
    """Resident memory of everything below this process: the driver and the browser with its children."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_info().rss
    return total
