"""A visit with every person taken out of it."""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import unquote, urlsplit

from ov_assets.portal.browser.requests import XHR
from ov_assets.portal.pages_file import Pages
from ov_assets.portal.recording.document import FORMAT, Detail, Event, Exchange, ListPage, Page, Recording
from ov_assets.portal.recording.dom import masked_page
from ov_assets.portal.recording.listen import Step
from ov_assets.portal.recording.mask import WORD, Masker, fold
from ov_assets.portal.recording.places import HUMPS, MEDIA_TYPE, Places
from ov_assets.portal.recording.record import Seen, SeenDetail
from ov_assets.portal.site import Site

# What these sections name stays what it is, whatever the values are: the capture looks for it.
NAMED = ("routes", "login", "popup", "filter", "list", "columns", "detail", "labels")
OF_A_PQR = ("detail", "file")
AT_ONCE_MS = 60  # what is looked at every so often, twice
SEEN_WITHIN_MS, CLOCKS_MS = 250, 30  # the browser's clock for requests isn't that for pages
CUT_OFF_MS = 2_000  # what has no answer after a shorter time went with its page
DISPOSITIONS = frozenset({"attachment", "inline"})
EMPTY = Page("", "", [])


def code_of(pages: Pages) -> frozenset[str]:
    """The folded words of the names of a portal's pages."""
    named = (value for name, value in pages.names.items() if name.split(".")[0] in NAMED)
    texts = (text for value in named for text in (value if isinstance(value, tuple) else (str(value),)))
    words = (word for text in texts for word in WORD.findall(text))
    return frozenset(fold(part) for word in words for part in (word, *HUMPS.findall(word)))


def masked(seen: Seen, site: Site, day: date, key: bytes | None = None) -> tuple[Recording, Masker]:
    """The recording, and what masked it, for who holds the true values.

    Twice: the first time finds out what is a value, wherever it stands, so that the second one knows it
    everywhere.
    """
    key = key or secrets.token_bytes(32)
    values = {fold(part) for text in (site.username, site.password) for part in WORD.findall(text)}
    _recording(seen, site, day, Masker(key), values)
    masker = Masker(key, frozenset(values))
    return _recording(seen, site, day, masker, values), masker


def _recording(seen: Seen, site: Site, day: date, masker: Masker, values: set[str]) -> Recording:
    steps = seen.listener.steps
    places = Places(masker, site.base_url, site.owns, values, code_of(site.pages), _of_one(steps))
    login = steps[0]
    popup_ms, loaded_ms = login.when("popup", "shown"), login.exchanges[0].at_ms if login.exchanges else 0
    return Recording(
        format=FORMAT,
        company=site.company.slug,
        day=masker.day(day),
        follows_hash=seen.follows_hash,
        popup_ms=popup_ms - loaded_ms if popup_ms else None,
        login=masked_page(seen.listener.login, places) if seen.listener.login else EMPTY,
        lists=[
            ListPage(step.name, masked_page(tree, places), _after(step, step.when("rows")))
            for step, tree in seen.lists
        ],
        details=[_detail(detail, places) for detail in seen.details],
        left_out=dict(seen.left_out),
        stopped=type(seen.stopped).__name__ if seen.stopped else "",
        at_stop=[masked_page(tree, places) for tree in seen.at_stop],
        exchanges=[
            _exchange(exchange, step, places)
            for step, after in zip(steps, [*steps[1:], None], strict=True)
            for place, exchange in enumerate(step.exchanges)
            if place not in step.given_up
            if exchange.status or after is None or after.began_ms - exchange.at_ms > CUT_OFF_MS
        ],
        events=[_event(event, step, places) for step in steps for event in step.events],
    )


def _of_one(steps: Sequence[Step]) -> set[str]:
    """The words in the paths of requests that were made for one PQR only, not for two, nor for the list."""
    users = defaultdict(set)
    for step in steps:
        number = step.name.partition(" ")[2].partition(".")[0] if step.name.startswith(OF_A_PQR) else ""
        for exchange in step.exchanges:
            for word in WORD.findall(unquote(urlsplit(exchange.address).path)):
                users[fold(word)].add(number)
    return {word for word, numbers in users.items() if len(numbers) == 1 and "" not in numbers}


def _after(step: Step, moment_ms: int | None) -> int:
    """When a change came: with an answer, if it was seen soon after one, since looking takes its time."""
    if not moment_ms:
        return 0
    ends = [one.at_ms + one.ms for one in step.exchanges if one.kind in XHR and one.ms is not None]
    with_it = max((end for end in ends if -CLOCKS_MS <= moment_ms - end <= SEEN_WITHIN_MS), default=moment_ms)
    return max(0, with_it - step.zero_ms)


def _detail(seen: SeenDetail, places: Places) -> Detail:
    step = seen.step
    numbers = {int(event.where) for event in step.events if event.what == "field"}
    shown = {number: step.when("field", str(number)) or 0 for number in numbers}
    whole_ms = sorted(shown.values())[len(shown) // 2] if shown else 0  # most come at once
    late = {number: _after(step, at) for number, at in shown.items() if at > whole_ms + AT_ONCE_MS}
    return Detail(
        step=step.name,
        route=places.address(f"#{seen.route}", of_a_value=True)[1:],
        page=masked_page(seen.tree, places),
        shown_ms=_after(step, whole_ms),
        late=late,
        files=[replace(file, name=places.value(file.name)) for file in seen.files],
    )


def _exchange(exchange: Exchange, step: Step, places: Places) -> Exchange:
    return replace(
        exchange,
        step=step.name,
        at_ms=exchange.at_ms - step.zero_ms,
        address=places.address(exchange.address),
        content_type=exchange.content_type if MEDIA_TYPE.fullmatch(exchange.content_type) else "",
        disposition=exchange.disposition if exchange.disposition in DISPOSITIONS else "",
        location=places.address(exchange.location) if exchange.location else "",
        body=places.json(exchange.body),
    )


def _event(event: Event, step: Step, places: Places) -> Event:
    return replace(event, step=step.name, at_ms=event.at_ms - step.zero_ms, where=places.code(event.where))
