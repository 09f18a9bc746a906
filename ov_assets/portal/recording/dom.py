"""A page of a recording: the HTML of its body, each value replaced, one element a line."""

import re
from html import escape
from typing import Any

from playwright.async_api import Page as BrowserPage

from ov_assets.portal.pages_file import Pages
from ov_assets.portal.recording.document import Page
from ov_assets.portal.recording.places import Places

OF_VALUES = frozenset({"td", "dd", "textarea", "pre"})
WORDING = re.compile(r"placeholder|title|tooltip|label|heading|(aria|uib)-.+")
ADDRESSES = frozenset({"href", "ng-href", "data-ng-href"})
VOID = frozenset({"input", "br", "hr", "wbr", "col"})
NOT_DRAWN = "data-ov-hidden"  # a replay has none of the portal's style sheets


async def tree_of(page: BrowserPage, pages: Pages) -> dict:
    """What `dom_tree.js` gives: everything that may stay of a page, not yet masked."""
    captions = f"{pages['detail.label']}, {pages['evidence.captions']}, option, h3, h4, legend"
    tree: dict = await page.evaluate(pages.script("dom_tree"), captions)
    return tree


def masked_page(raw: dict, places: Places) -> Page:
    """From what `dom_tree.js` gives."""
    _, attributes, children = raw["body"]
    lines = [piece for child in children for piece in _html(child, places, is_value=False)]
    return Page(places.caption(raw["title"]), places.code(attributes.get("class", "")), lines)


def _html(node: Any, places: Places, *, is_value: bool) -> list[str]:
    if isinstance(node, str):
        if not is_value and not node.strip():
            return [] if "\n" in node else [node]
        return [escape(_text(node, places, is_value), quote=False)]
    tag, attributes, children = node
    is_value = (is_value or tag in OF_VALUES) and "~caption" not in attributes
    head = f"<{tag}{_attributes(tag, attributes, places, is_value)}>"
    if tag in VOID:
        return [head]
    inner = [piece for child in children for piece in _html(child, places, is_value=is_value)]
    if tag == "textarea":  # a parser takes the first line end away
        inner = ["\n" + escape(places.value(attributes.get("~value", "")), quote=False)]
    if all("<" not in piece for piece in inner):
        return [head + "".join(inner) + f"</{tag}>"]
    return [head, *inner, f"</{tag}>"]


def _text(text: str, places: Places, is_value: bool) -> str:
    return places.value(text) if is_value else places.caption(text)


def _attributes(tag: str, attributes: dict[str, str], places: Places, is_value: bool) -> str:
    found = {}
    for name, value in attributes.items():
        if name in ADDRESSES:
            found[name] = places.address(value, of_a_value=is_value)
        elif WORDING.fullmatch(name):
            found[name] = places.caption(value)
        elif name == "style":
            found[name] = value
        elif not name.startswith("~"):
            found[name] = places.code(value)
    if tag == "input" and "~value" in attributes:
        found["value"] = places.value(attributes["~value"])
    if "~display" in attributes:
        found["style"] = f"display: {attributes['~display']}; {found.get('style', '')}"
    if "~hidden" in attributes:
        found[NOT_DRAWN] = ""
    return "".join(f' {name}="{escape(value)}"' for name, value in found.items())
