"""What `replay.js` is told: the pages of a recording, and which requests and changes make up each step."""

from typing import Any

from ov_assets.portal.browser.requests import XHR
from ov_assets.portal.pages_file import Pages
from ov_assets.portal.recording.document import Detail, File, Page, Recording
from ov_assets.sandbox.replay.files import hands_out

ENDS = ("save", "show")


def login_data(recording: Recording, pages: Pages) -> dict[str, Any]:
    return {"page": "login", "at": dict(pages.names), "popupMs": recording.popup_ms}


def module_data(recording: Recording, pages: Pages) -> dict[str, Any]:
    """Of the list and its details, which are one document."""
    first, *filtered = recording.lists
    return {
        "page": "module",
        "at": dict(pages.names),
        "followsHash": recording.follows_hash is not False,
        "list": _page(first.page) | _step(recording, first.step, first.shown_ms),
        "filtered": [
            {"html": "".join(page.page.body)} | _step(recording, page.step, page.shown_ms)
            for page in filtered
        ],
        "details": {detail.route: _detail(recording, detail) for detail in recording.details},
    }


def _page(page: Page) -> dict[str, Any]:
    return {"html": "".join(page.body), "title": page.title, "bodyClass": page.body_class}


def _step(recording: Recording, name: str, shown_ms: int) -> dict[str, Any]:
    return {"requests": _requests(recording, name), "shownMs": shown_ms}


def _requests(recording: Recording, step: str, file: File | None = None) -> list[dict[str, Any]]:
    """What a page asks by itself; where it is sent on from there is the server's part."""
    return [
        {"url": one.address, "method": one.method, "at": one.at_ms, "ends": one.at_ms + (one.ms or 0)}
        | {"kind": one.kind, "frame": one.frame, "isPage": one.kind not in XHR}
        | {"isFile": file is not None and hands_out(one, file)}
        for one in recording.exchanges
        if one.step == step and one.at_ms >= 0 and not one.hop and one.address.startswith("/")
        if one.kind in XHR or file
    ]


def _detail(recording: Recording, detail: Detail) -> dict[str, Any]:
    step = _page(detail.page) | _step(recording, detail.step, detail.shown_ms)
    return step | {"late": detail.late, "files": [_file(recording, file) for file in detail.files]}


def _file(recording: Recording, file: File) -> dict[str, Any]:
    ends = [event for event in recording.events if event.step == file.step and event.what in ENDS]
    shown = [event for event in ends if event.what == "show"][:1]  # the frame saves what it can't show
    return {
        "name": file.name,
        "requests": _requests(recording, file.step, file),
        "ends": [{"at": event.at_ms, "way": event.what} for event in shown or ends],
    }
