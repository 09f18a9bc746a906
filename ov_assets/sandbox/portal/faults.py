"""Everything that can go wrong with a portal, as switches that a control call sets while it runs.

All are off at first. Each company has its own. A switch is off (`null`) or an object of its parameters;
`true` means "on, with the defaults", and a bare value sets the first parameter.

| switch | parameters (defaults) | visible effect |
| --- | --- | --- |
| popup | mode: normal, off, late, again_after_login (off); ms (2000; late: 6000) | when `#myModal` appears |
| dropped_keystrokes | every (3), attempts (1) | each n-th key of the password is lost |
| otp | code (123456) | after the password, a page asks for a code |
| edge_block | | Azure Front Door answers 403 "The request is blocked." to everything |
| portal_down | | 503 maintenance page to everything |
| http_429 | requests (1), retry_after (2) | the next pages and XHR get 429 with Retry-After |
| xhr_slow | ms (1500) | each XHR takes so much longer |
| xhr_hang | target: list, detail (list); requests (1) | the next such XHR never answer |
| list_500 | requests (1) | the next list XHR fail |
| detail_500 | requests (1, null: always), radicado (null: any) | detail XHR fail |
| detail_404 | radicado (null: any) | the detail XHR says that there is no such PQR |
| detail_401 | radicado (null: any) | the detail XHR is refused, though the session holds |
| empty_result | | every list is empty |
| total_override | total (333529) | the list claims and serves exactly so many rows |
| next_ignored | clicks (1) | the next clicks on Next do nothing (armed with the next list answer) |
| filters_ignored | | Buscar lists everything whatever was asked for |
| session_expires_after | requests (40), times (1) | a session ends after so many pages and XHR |
| expire_now | | every session ends at this moment; the switch itself stays off |
| sgc | radicado or `*` -> blank, late, numeric, duplicated | what is in the SGC input (late: after 1.2 s) |
| attachments | radicado or `*` -> one of ATTACHMENT_MODES | what a click yields, or how many files |
| repeated_radicado | page (2) | the first row of that page is the last row of the page before, once more |
| shift_every | pages (1), max (3), done (0), day (null: the last) | after n list XHR, a new PQR is there |
| layout_changed | which: list of LAYOUTS (["rename_nic"]) | the portal's vendor has released a new version |
| detail_stale | ms (1500) | a detail first shows the PQR that the session saw before |
| console_error | | the page logs an error of its own script |
| latency_ms | ms (100) | added to every answer |
| expiry_redirects | | an XHR of a session that ended is sent to the login page, not refused |
| login_slow | ms (1500) | the answer to a password takes so much longer |
| late_comments | after_ms (50), ms (600) | a detail asks for its comments so late, and waits so long |
| exclusive_dates | which: start, end (end) | Buscar leaves that day out |
| noise | which: list of NOISES (["500"]) | the module's pages ask for so much beside their work |
| fails_once | only ("") | all but scripts, or what lies under a path, fails when first asked for |
| fails_at_random | percent (2), seed (1), only ("") | so many of all requests, or under a path, fail |
| renamed | words: before -> after ({}) | pages and scripts have other words, the control API apart |
| planted | texts: list ([]) | the module's pages hold these texts wherever one can hide |
| home | mode: icon, closed_menu, bare (icon) | what the page after the log-in shows of its menu |

`sgc` (blank, numeric, duplicated) and `attachments` (none, two, zero_bytes) change what the portal holds, so
the truth that the control API tells changes with them. The other modes of `attachments` only change what a
click yields. While `popup` is null, a company has its usual one: Afinia after 2 s on the login page, Air-e
none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

LAYOUTS = (
    "rename_nic", "no_buscar_label", "rename_columns", "swap_columns", "actions_first", "extra_label",
    "no_future", "hash_ignored", "trusted_clicks", "typed_dates", "login_notice",
    "pages_of_5", "pages_of_25", "oldest_first", "no_total", "grouped_total", "keeps_page", "row_when_empty",
    "no_headers", "slash_links", "absolute_links", "list_redirects", "colon_labels", "upper_labels",
    "sgc_as_text", "alert", "confirm", "latin1", "chat_frame", "cookie_bar",
)  # fmt: skip
NOISES = ("401", "403", "404", "500", "foreign_401", "foreign_500", "long_poll", "ping")
SGC_MODES = ("blank", "late", "numeric", "duplicated")
ATTACHMENT_MODES = (
    "download", "new_tab", "inline_viewer", "http_500", "zero_bytes", "wrong_magic", "none", "two",
    "saved_late", "saved_nameless", "sent_twice", "elsewhere", "http_403", "empty_at_first",
    "second_500", "fetched_blob",
)  # fmt: skip


class UnknownFault(ValueError):
    """A switch, parameter or value that doesn't exist: a test that sets it would prove nothing."""


def _one_of(value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UnknownFault(f"{value!r} is none of {', '.join(allowed)}")


@dataclass
class On:
    """A switch without a parameter."""


@dataclass
class Popup:
    mode: str = "off"
    ms: int | None = None

    def __post_init__(self) -> None:
        _one_of(self.mode, ("normal", "off", "late", "again_after_login"))
        if self.ms is None:
            self.ms = 6000 if self.mode == "late" else 2000


@dataclass
class DroppedKeystrokes:
    every: int = 3
    attempts: int = 1


@dataclass
class Otp:
    code: str = "123456"


@dataclass
class TooManyRequests:
    requests: int = 1
    retry_after: int = 2


@dataclass
class Renamed:
    words: dict[str, str] = field(default_factory=dict)


@dataclass
class Slow:
    ms: int = 1500


@dataclass
class Hang:
    target: str = "list"
    requests: int = 1

    def __post_init__(self) -> None:
        _one_of(self.target, ("list", "detail"))


@dataclass
class Countdown:
    requests: int = 1


@dataclass
class DetailError:
    requests: int | None = 1
    radicado: str | None = None


@dataclass
class DetailMissing:
    radicado: str | None = None


@dataclass
class Total:
    total: int = 333529


@dataclass
class IgnoredClicks:
    clicks: int = 1


@dataclass
class SessionExpiry:
    requests: int = 40
    times: int = 1


@dataclass
class RepeatedRow:
    page: int = 2


@dataclass
class Shift:
    pages: int = 1
    max: int = 3
    done: int = 0
    day: str | None = None


@dataclass
class Layout:
    which: list[str] = field(default_factory=lambda: ["rename_nic"])

    def __post_init__(self) -> None:
        self.which = [self.which] if isinstance(self.which, str) else list(self.which)
        for name in self.which:
            _one_of(name, LAYOUTS)


@dataclass
class ExclusiveDates:
    which: str = "end"

    def __post_init__(self) -> None:
        _one_of(self.which, ("start", "end"))


@dataclass
class Noise:
    which: list[str] = field(default_factory=lambda: ["500"])

    def __post_init__(self) -> None:
        self.which = [self.which] if isinstance(self.which, str) else list(self.which)
        for name in self.which:
            _one_of(name, NOISES)


@dataclass
class FailsOnce:
    only: str = ""
    seen: list[str] = field(default_factory=list)

    def concerns(self, path: str, besides: tuple[str, ...]) -> bool:
        return path.startswith(self.only) if self.only else not path.startswith(besides)


@dataclass
class FailsAtRandom:
    percent: float = 2.0
    seed: int = 1
    only: str = ""
    asked: int = 0


@dataclass
class Home:
    mode: str = "icon"

    def __post_init__(self) -> None:
        _one_of(self.mode, ("icon", "closed_menu", "bare"))


@dataclass
class Planted:
    texts: list[str] = field(default_factory=list)


@dataclass
class LateComments:
    after_ms: int = 50
    ms: int = 600


@dataclass
class Latency:
    ms: int = 100


SWITCHES: dict[str, type] = {
    "popup": Popup,
    "dropped_keystrokes": DroppedKeystrokes,
    "otp": Otp,
    "edge_block": On,
    "portal_down": On,
    "http_429": TooManyRequests,
    "xhr_slow": Slow,
    "xhr_hang": Hang,
    "list_500": Countdown,
    "detail_500": DetailError,
    "detail_404": DetailMissing,
    "detail_401": DetailMissing,
    "empty_result": On,
    "total_override": Total,
    "next_ignored": IgnoredClicks,
    "filters_ignored": On,
    "session_expires_after": SessionExpiry,
    "expire_now": On,
    "repeated_radicado": RepeatedRow,
    "shift_every": Shift,
    "layout_changed": Layout,
    "detail_stale": Slow,
    "console_error": On,
    "latency_ms": Latency,
    "exclusive_dates": ExclusiveDates,
    "expiry_redirects": On,
    "late_comments": LateComments,
    "login_slow": Slow,
    "noise": Noise,
    "fails_once": FailsOnce,
    "fails_at_random": FailsAtRandom,
    "home": Home,
    "renamed": Renamed,
    "planted": Planted,
}
MODES = {"sgc": SGC_MODES, "attachments": ATTACHMENT_MODES}


class Faults:
    """The switches of one company."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._on: dict[str, Any] = {}
        self._modes: dict[str, dict[str, str]] = {name: {} for name in MODES}

    def get(self, name: str):
        """The parameters of a switch, or None while it is off."""
        return self._on.get(name)

    def mode(self, name: str, radicado: str) -> str | None:
        """The mode set for that radicado, else the one set for all."""
        modes = self._modes[name]
        return modes.get(radicado, modes.get("*"))

    def off(self, name: str) -> None:
        self._on.pop(name, None)

    def spend(self, name: str) -> bool:
        """Use up one of the next n requests of a switch that counts them; True while there were any left."""
        switch = self._on.get(name)
        if switch is None:
            return False
        if switch.requests is not None:
            switch.requests -= 1
            if switch.requests <= 0:
                self.off(name)
        return True

    def update(self, values: dict) -> None:
        """Merge switches, all or nothing: one wrong name leaves every switch as it was."""
        parsed = {name: self._parse(name, value) for name, value in values.items()}
        for name, value in parsed.items():
            if name in MODES:
                self._modes[name] = value
            elif value is None:
                self.off(name)
            else:
                self._on[name] = value

    def as_json(self) -> dict:
        switches = {name: self._on.get(name) for name in SWITCHES}
        shown = {name: None if value is None else asdict(value) for name, value in switches.items()}
        return {**shown, **{name: modes or None for name, modes in self._modes.items()}}

    def _parse(self, name: str, value: object):
        if name in MODES:
            return self._parse_modes(name, value)
        if name not in SWITCHES:
            raise UnknownFault(f"no switch is called {name!r}")
        kind = SWITCHES[name]
        if value is None or value is False:
            return None
        if value is True:
            return kind()
        parameters = fields(kind)
        if not isinstance(value, dict):
            if not parameters:
                raise UnknownFault(f"{name} is on or off, nothing else")
            value = {parameters[0].name: value}
        if unknown := set(value) - {parameter.name for parameter in parameters}:
            raise UnknownFault(f"{name} has no parameter {', '.join(sorted(unknown))}")
        return kind(**value)

    @staticmethod
    def _parse_modes(name: str, value: Any) -> dict[str, str]:
        if not value:
            return {}
        modes = {"*": value} if isinstance(value, str) else dict(value)
        for mode in modes.values():
            _one_of(mode, MODES[name])
        return modes
