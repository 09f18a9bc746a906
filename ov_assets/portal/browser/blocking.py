"""Requests that a tab never makes: what neither the list nor the printed page needs.

Over CDP, not `page.route`, which switches the HTTP cache off and asks Python about each request. An
attachment's address may end in any extension, so tabs that show details block by host alone.
"""

from typing import Literal

from playwright.async_api import Page

TRACKERS = (
    *("*://*.google-analytics.com/*", "*://*.googletagmanager.com/*", "*://*.doubleclick.net/*"),
    *("*://*.hotjar.com/*", "*://connect.facebook.net/*", "*://*.clarity.ms/*", "*://*.youtube.com/*"),
)
PICTURES = ("*.png", "*.jpg", "*.jpeg", "*.gif", "*.webp", "*.ico", "*.mp4", "*.webm")
FONTS = ("*.woff", "*.woff2", "*.ttf", "*.eot", "*.otf")

Purpose = Literal["rows", "print"]
BLOCKED: dict[Purpose, tuple[str, ...]] = {"rows": TRACKERS + PICTURES + FONTS, "print": TRACKERS}


async def block_needless(page: Page, purpose: Purpose) -> None:
    """Let the tab skip what its purpose doesn't need; lasts as long as the tab."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.setBlockedURLs", {"urls": list(BLOCKED[purpose])})
