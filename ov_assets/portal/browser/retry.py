"""What is tried again, and after which pause: passing faults only, with jitter, and as the portal asks."""

from collections import Counter
from collections.abc import AsyncIterator

import stamina

from ov_assets.portal.browser.requests import PortalBusy
from ov_assets.portal.errors import PortalError

TRIES = 3
# A step that fails after another one did is progress: all steps of one unit together have so many tries.
TRIES_OF_ALL_STEPS = 12
FIRST_PAUSE_S = 0.3
LONGEST_PAUSE_S = 8.0
RETRY_AFTER_MAX_S = 300.0  # a portal that asks for a longer pause is left to the next run


class _Patience:
    """Whether to try again; a number is the pause, in seconds, that the portal asks for."""

    def __init__(self) -> None:
        self._failed: Counter[tuple[str, str]] = Counter()

    def __call__(self, error: Exception) -> bool | float:
        if not isinstance(error, PortalError) or not error.passing:
            return False
        self._failed[type(error).__name__, error.step] += 1
        if max(self._failed.values()) >= TRIES:
            return False
        if isinstance(error, PortalBusy):
            return error.retry_after_s if error.retry_after_s <= RETRY_AFTER_MAX_S else False
        return True


def attempts() -> AsyncIterator[stamina.Attempt]:
    """`async for attempt in attempts(): with attempt: …`; the last failure is raised as it is."""
    return aiter(
        stamina.retry_context(
            on=_Patience(),
            attempts=TRIES_OF_ALL_STEPS,
            timeout=None,
            wait_initial=FIRST_PAUSE_S,
            wait_max=LONGEST_PAUSE_S,
            wait_jitter=FIRST_PAUSE_S,
        )
    )
