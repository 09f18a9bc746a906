"""Which partitions with pending work to ask for now: a pure decision, so that it can be tested alone.

Level-triggered: the database says what is pending at every look, and nothing is remembered between two
looks but the runs themselves. So a partition skipped because it is busy is simply seen again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ov_assets.days import CompanyDay

FIRST_PAUSE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class History:
    """What the last runs of one partition came to: failures in a row, and when the last one ended."""

    failures: int = 0
    last_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to ask for, and why the others wait."""

    ask_for: tuple[CompanyDay, ...]
    waiting: Mapping[str, int]

    def explain(self) -> str:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self.waiting.items()))
        return f"Nothing to ask for: {reasons}." if reasons else "Every file on record is in S3."


def pause_after(failures: int) -> timedelta:
    """How long a partition rests after so many failures in a row: 2, 4, 8 … 60 minutes."""
    if failures == 0:
        return timedelta(0)
    return min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)


def decide(
    pending: Iterable[CompanyDay],
    in_flight: set[CompanyDay],
    histories: Mapping[CompanyDay, History],
    now: datetime,
    at_most: int,
) -> Decision:
    """Oldest first, failing ones last; busy and resting ones wait."""
    waiting: dict[str, int] = {}
    ready: list[tuple[int, CompanyDay]] = []
    for partition in sorted(pending, key=lambda item: (item.day, item.company)):
        history = histories.get(partition, History())
        if partition in in_flight:
            waiting["in flight"] = waiting.get("in flight", 0) + 1
        elif history.last_end is not None and now < history.last_end + pause_after(history.failures):
            waiting["resting after a failure"] = waiting.get("resting after a failure", 0) + 1
        else:
            ready.append((history.failures, partition))
    ready.sort(key=lambda item: item[0] > 0)
    if len(ready) > at_most:
        waiting["over the cap of this tick"] = len(ready) - at_most
    return Decision(tuple(partition for _, partition in ready[:at_most]), waiting)
