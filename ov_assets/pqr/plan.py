"""When a captured PQR is read again, and which first. Pure: what is known of it, and a moment in answer.

A file that it lacks may come, and what is edited on its page doesn't show in the list.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from ov_assets.timezone import BOGOTA

# A file that the portal doesn't hand out is asked for again after each of these; after the last for ever.
PAUSES = (timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))
RETRY_AFTER = timedelta(days=1)  # a reading that failed
# Everything is read again so many days after its capture, and what has no claim number yet on each day.
REREAD_DAYS = (1, 3, 7, 30)
BLANK_DAYS = 14


def next_reading(
    captured_at: datetime, read_at: datetime, *, lacking_since: datetime | None, is_blank: bool
) -> datetime | None:
    """From when on a PQR is due to be read again; None: never.

    captured_at, read_at: when its page was read for the capture that stands, and when last. lacking_since:
    since when it lacks a file, the newest one it lacks; None: it has all. is_blank: it has no claim number.
    """
    days = {*REREAD_DAYS, *(range(1, BLANK_DAYS + 1) if is_blank else ())}
    planned = [moment for day in sorted(days) if (moment := _midnight(captured_at, day)) > read_at][:1]
    if lacking_since is not None:
        lacked = read_at - lacking_since
        planned.append(read_at + next((pause for pause in PAUSES if pause > lacked), PAUSES[-1]))
    return min(planned, default=None)


def _midnight(captured_at: datetime, days: int) -> datetime:
    # The same for a whole day, so that one run reads what was captured in many.
    day = captured_at.astimezone(BOGOTA).date() + timedelta(days=days)
    return datetime.combine(day, time(), BOGOTA)


@dataclass(frozen=True, slots=True)
class Due:
    """PQR of one day that are due, alike in what they lack: a file, or the claim number."""

    fecha: date
    lacks_file: bool
    is_blank: bool
    radicados: tuple[str, ...]


def within(due: Iterable[Due], rereads: int) -> list[Due]:
    """What of it to read with so many rereads left: first what has no claim number, and the newest days.

    What lacks a file comes before all, and isn't counted: its pauses grow by themselves.
    """
    chosen = []
    for group in sorted(due, key=lambda d: (not d.lacks_file, not d.is_blank, -d.fecha.toordinal())):
        taken = group.radicados if group.lacks_file else group.radicados[: max(rereads, 0)]
        rereads -= 0 if group.lacks_file else len(taken)
        if taken:
            chosen.append(replace(group, radicados=taken))
    return chosen
