"""What is tried again, and after which pause: passing faults only, with jitter, and as the portal asks."""

from collections.abc import AsyncIterator

import stamina

from ov_assets.portal.browser.requests import PortalBusy
from ov_assets.portal.errors import PortalError

TRIES = 3
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 8.0
RETRY_AFTER_MAX_S = 300.0  # a portal that asks for a longer pause is left to the next run


def pause_before_retry(error: Exception) -> bool | float:
    """Whether to try again; a number is the pause, in seconds, that the portal asks for."""
    if isinstance(error, PortalBusy):
        return error.retry_after_s if error.retry_after_s <= RETRY_AFTER_MAX_S else False
    return isinstance(error, PortalError) and error.passing


def attempts(tries: int = TRIES) -> AsyncIterator[stamina.Attempt]:
    """`async for attempt in attempts(): with attempt: …`; the last failure is raised as it is."""
    return aiter(
        stamina.retry_context(
            on=pause_before_retry,
            attempts=tries,
            timeout=None,
            wait_initial=FIRST_PAUSE_S,
            wait_max=LONGEST_PAUSE_S,
            wait_jitter=FIRST_PAUSE_S,
        )
    )
