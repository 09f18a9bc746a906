"""The selector contract: the elements of a page that the capture relies on, asked for in one call."""

from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import Page

COUNT_ALL = "(selectors) => selectors.map((selector) => document.querySelectorAll(selector).length)"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: what it is for a person, and how it is found."""

    name: str
    selector: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether one thing that the capture relies on is there. found: how many, or what was seen instead."""

    page: str
    name: str
    selector: str
    holds: bool
    found: str


async def look_for(page: Page, page_name: str, elements: Sequence[Element]) -> list[Finding]:
    """One finding an element, in their order."""
    counts = await page.evaluate(COUNT_ALL, [element.selector for element in elements])
    return [
        Finding(page_name, element.name, element.selector, count > 0, str(count))
        for element, count in zip(elements, counts, strict=True)
    ]


def missing(findings: Sequence[Finding]) -> str:
    """The elements that aren't there, for a message; empty if all are."""
    return ", ".join(f"{item.name} ({item.selector})" for item in findings if not item.holds)
