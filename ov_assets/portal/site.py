"""What to connect to and how hard to press: the plain values that the browser code is given."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from ov_assets.companies import Company
from ov_assets.portal.pages_file import Pages

TABS_MAX = 16  # more would be rude to any portal, and no faster


@dataclass(frozen=True, slots=True)
class Site:
    """One company's portal, the operator account that is used there, and what its pages are known by."""

    company: Company
    base_url: str
    username: str
    password: str = field(repr=False)
    pages: Pages = field(repr=False)

    @property
    def login_url(self) -> str:
        return urljoin(self.base_url, self.pages["routes.login"])

    @property
    def _list_page(self) -> str:
        return urljoin(self.base_url, quote(self.pages["routes.list"], safe="/%"))

    @property
    def list_url(self) -> str:
        return f"{self._list_page}#{self.pages['routes.list_fragment']}"

    def is_login(self, url: str) -> bool:
        return self.pages["routes.login"].lower() in urlsplit(url).path.lower()

    def owns(self, url: str) -> bool:
        """Whether an address is the portal's own, or that of a blob which its page made.

        Addresses come from pages, and pages from anybody: no other one is ever followed.
        """
        base, given = urlsplit(self.base_url), urlsplit(url.removeprefix("blob:"))
        if given.scheme not in {base.scheme, "https"} or given.hostname != base.hostname:
            return False
        return given.port == base.port or (given.scheme, given.port) == ("https", None)

    def detail_url(self, href: str) -> str:
        """The address of a detail from a row's `href`, resolved against the list page, never the root."""
        fragment = self.pages["routes.detail_fragment"]
        return urljoin(self._list_page, href.replace(f"#{fragment}", f"#/{fragment}", 1))


@dataclass(frozen=True, slots=True)
class Keep:
    """Where sessions and evidence are kept between runs, and for how long.

    session_key: any text; sessions are encrypted with it. None: they are only private (0600).
    """

    home: Path
    session_key: str | None = field(default=None, repr=False)
    evidence_days: int = 30

    @property
    def sessions(self) -> Path:
        return self.home / "sessions"

    @property
    def evidence(self) -> Path:
        return self.home / "evidence"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one capture does. Times in seconds unless the name says otherwise.

    portal_failures_max: so many PQR in a row without an answer of the portal mean that the portal is down.
    Those without a value of their own are the portal's (`Limits.of`).
    """

    answer_timeout_s: float
    attachment_timeout_s: float
    late_field_grace_s: float
    tabs: int = 4  # at most TABS_MAX
    min_interval_s: float = 0.0
    attachment_max_bytes: int = 50 * 1024 * 1024
    looks_max: int = 8
    recycle_after_details: int = 250
    recycle_above_bytes: int = 3 * 1024**3
    portal_failures_max: int = 5
    logins_max: int = 10
    keep: Keep | None = None
    chromium: Path | None = None

    @classmethod
    def of(cls, pages: Pages, **ours: Any) -> "Limits":
        """The portal's own limits, and ours."""
        return cls(
            answer_timeout_s=pages.number("limits.answer_timeout_s"),
            attachment_timeout_s=pages.number("limits.attachment_timeout_s"),
            late_field_grace_s=pages.number("limits.late_field_grace_s"),
            **ours,
        )
