"""When a captured PQR is read again. Pure: what is known of it, and a moment in answer."""

from datetime import datetime, timedelta

# A file that the portal doesn't hand out is asked for again after each of these; after the last for ever.
PAUSES = (timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))


def next_reading(read_at: datetime, lacking_since: datetime | None) -> datetime | None:
    """From when on a PQR is due to be read again; None: never, for the list shows what changes.

    read_at: when its page was last read. lacking_since: since when it lacks a file, the newest one it lacks;
    None: it has all. The longer it has lacked, the longer the pause.
    """
    if lacking_since is None:
        return None
    lacked = read_at - lacking_since
    return read_at + next((pause for pause in PAUSES if pause > lacked), PAUSES[-1])
