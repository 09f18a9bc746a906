"""What can go wrong at a portal, each under its own name, with what to do about it.

`passing` faults are worth another try; the others would only repeat, or lock the account.
A message names company, date and radicado; it never carries a personal value.
"""

from datetime import date
from typing import ClassVar


class PortalError(Exception):
    """Base of every fault of a portal.

    of_the_portal: the fault may be the whole portal's, even where only one PQR was asked for; several of them
    in a row stop a capture. step: what failed, for who counts how often it did; never shown.
    doubt: what isn't known of a page because of it.
    """

    passing: ClassVar[bool] = False
    advice: ClassVar[str] = ""
    of_the_portal: bool = False
    step: str = ""
    doubt: str = ""

    def __init__(self, company: str, what: str, *, day: date | None = None, radicado: str = "") -> None:
        where = " ".join(part for part in (company, day.isoformat() if day else "", radicado) if part)
        super().__init__(f"{where}: {what}. {self.advice}".strip())
        self.company, self.what, self.day, self.radicado = company, what, day, radicado


class PortalDown(PortalError):
    """Nothing answers, or the server says that it can't."""

    passing = True
    of_the_portal = True
    advice = "The portal is down: look at it in a browser; the next run tries again by itself."


class LoginUnanswered(PortalDown):
    """The password was sent, and nothing says whether it was taken: sent again, it might lock the account."""

    passing = False
    advice = "It isn't sent again in this run; the next one tries once more, but not more than twice an hour."


class PortalMoved(PortalError):
    """The portal's address leads to another host, where no password is typed and nothing is read."""

    of_the_portal = True
    advice = "If that is the portal's new address, set OV_…_URL to it; nothing was sent there."


class AccessBlocked(PortalError):
    """The edge in front of the portal refuses this machine's address."""

    advice = "The edge refuses this address: run from an allowed network or ask the portal's owner."


class OtpRequired(PortalError):
    """The portal asks for a one-time code, which no machine can read."""

    advice = "The account asks for a one-time code: have it switched off for this account."


class LoginRejected(PortalError):
    """The portal refuses user or password."""

    advice = "The login failed: check the user name and the password; nothing was tried a second time."


class SessionExpired(PortalError):
    """The portal sent us back to its login page in the middle of the work."""

    passing = True
    advice = "The session expired and is renewed; if this comes back, the account may be in use elsewhere."


class LayoutChanged(PortalError):
    """The page isn't built as expected: which element, on which page."""

    of_the_portal = True
    advice = "The page changed: `ov doctor portal` writes what is different as a file for OV_PORTAL_PAGES."


class FilterNotApplied(PortalError):
    """The list shows other rows than those that were asked for."""

    passing = True
    advice = "The list was not walked, since it would be the unfiltered one; the next run tries again."


class DayRefused(FilterNotApplied):
    """The filter takes no day that is still to come."""

    passing = False


class ListUnstable(PortalError):
    """Rows kept moving while the list was read."""

    passing = True
    advice = "What was seen is captured; the next run reads the list again."


class DetailMissing(PortalError):
    """A PQR is in the list, but its detail page doesn't come."""

    passing = True
    advice = "The other PQRs went on; the next run tries this one again."


class DetailDoubtful(DetailMissing):
    """A field is blank, and what may have to bring it had no good answer."""


class DetailUnanswered(DetailDoubtful):
    """As before, and it has had all the time that an answer is given: tried again only after all others."""

    passing = False


class AttachmentFailed(PortalError):
    """An attachment is named on the page, but its bytes don't come, or aren't what the name says.

    refused: the server said so, and kept nobody waiting. problem: what is wrong, alone.
    """

    passing = True
    refused: bool = False
    problem: str = ""
    advice = "The other PQRs went on; the next run tries this one again."


class PdfWithoutData(PortalError):
    """The printed page does not hold the record."""

    passing = True
    advice = "The other PQRs went on; the next run tries this one again."
