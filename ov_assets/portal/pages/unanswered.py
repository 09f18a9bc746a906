"""What an XHR of a detail page without a good answer means for its PQR."""

from collections.abc import Iterable
from http import HTTPStatus

from ov_assets.portal.browser.requests import NO_ANSWER, Failed, PortalBusy, raise_for_status
from ov_assets.portal.errors import (
    AccessBlocked,
    DetailDoubtful,
    DetailMissing,
    DetailUnanswered,
    PortalDown,
    SessionExpired,
)
from ov_assets.portal.row import ListedRow


def raise_failures(company: str, row: ListedRow, failures: Iterable[Failed], doubt: str = "") -> None:
    """Raise what the first of them means: the portal's own refusal under its name, else this PQR's fault.

    doubt: what isn't known of the PQR because of it; without one, its page doesn't show at all.
    """
    for failed in failures:
        try:
            raise_for_status(company, failed.status, failed.retry_after, day=row.day)
        except (PortalBusy, SessionExpired, AccessBlocked) as refused:
            refused.step, refused.doubt = failed.kind, doubt
            raise
        except PortalDown:
            pass  # a server's failure at one page
        is_silent = failed.status == NO_ANSWER
        kind = (DetailUnanswered if is_silent else DetailDoubtful) if doubt else DetailMissing
        what = "a request got no answer" if is_silent else f"HTTP {failed.status}"
        missing = kind(company, what + doubt, day=row.day, radicado=row.numero_radicado)
        missing.of_the_portal = not doubt and failed.status != HTTPStatus.NOT_FOUND
        missing.step = failed.kind
        raise missing from None
