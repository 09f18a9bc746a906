"""A try that failed is told to the log, which ends on standard error.

Where structlog happens to be installed, stamina prints it on standard output instead, amid what `--json`
says.
"""

import logging

from stamina.instrumentation import RetryDetails, set_on_retry_hooks

log = logging.getLogger(__name__)


def tell(details: RetryDetails) -> None:
    """Only the kind of the error: its text, and the call's arguments, may hold what was being sent."""
    failed = type(details.caused_by).__name__
    log.warning("try %d failed (%s); the next in %.1f s", details.retry_num, failed, details.wait_for)


set_on_retry_hooks([tell])
