"""When a captured PQR is read again: the plan alone."""

from datetime import datetime, timedelta
from itertools import pairwise

from ov_assets.pqr.plan import next_reading
from ov_assets.timezone import BOGOTA

CAPTURED = datetime(2025, 10, 13, 9, tzinfo=BOGOTA)


def test_what_lacks_nothing_is_not_read_again() -> None:
    assert next_reading(CAPTURED, None) is None


def test_a_missing_file_is_asked_for_after_an_hour_a_day_and_each_week() -> None:
    readings = [CAPTURED]
    for _ in range(5):
        again_at = next_reading(readings[-1], CAPTURED)
        assert again_at is not None
        readings.append(again_at)
    pauses = [later - earlier for earlier, later in pairwise(readings)]
    assert pauses == [timedelta(hours=1), timedelta(days=1), *[timedelta(weeks=1)] * 3]


def test_asking_by_hand_in_between_makes_no_pause_shorter() -> None:
    asked = CAPTURED + timedelta(minutes=10)
    assert next_reading(asked, CAPTURED) == asked + timedelta(hours=1)
