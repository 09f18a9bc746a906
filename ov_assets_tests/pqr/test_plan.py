"""When a captured PQR is read again, and which first: the plan alone."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest

from ov_assets.pqr.plan import Due, next_reading, within
from ov_assets.timezone import BOGOTA

CAPTURED = datetime(2025, 10, 13, 9, tzinfo=BOGOTA)
DAY = CAPTURED.date()


def readings(count: int, *, is_blank: bool = False, lacking: bool = False) -> list[datetime]:
    """When a PQR is read that is always read the moment it is due."""
    found = [CAPTURED]
    while len(found) <= count:
        since = CAPTURED if lacking else None
        due = next_reading(CAPTURED, found[-1], lacking_since=since, is_blank=is_blank)
        if due is None:
            break
        found.append(due)
    return found[1:]


def days_after(moments: list[datetime]) -> list[int]:
    assert {moment.astimezone(BOGOTA).time() for moment in moments} == {time()}  # one run reads a whole day
    return [(moment.astimezone(BOGOTA).date() - DAY).days for moment in moments]


def test_everything_is_read_again_after_1_3_7_and_30_days() -> None:
    assert days_after(readings(9)) == [1, 3, 7, 30]


def test_what_has_no_claim_number_is_read_daily_for_14_days() -> None:
    assert days_after(readings(99, is_blank=True)) == [*range(1, 15), 30]


def test_what_was_late_is_read_once_and_what_came_too_late_is_not_read_at_all() -> None:
    late = CAPTURED + timedelta(days=8)
    assert days_after([next_reading(CAPTURED, late, lacking_since=None, is_blank=False) or late]) == [30]
    past = CAPTURED + timedelta(days=31)
    assert next_reading(CAPTURED, past, lacking_since=None, is_blank=True) is None


@pytest.mark.parametrize("captured_hour", [0, 12, 23])
def test_the_first_day_is_the_one_after_the_capture_in_bogota(captured_hour: int) -> None:
    captured = CAPTURED.replace(hour=captured_hour, minute=59)
    due = next_reading(captured, captured, lacking_since=None, is_blank=False)
    assert due == datetime(2025, 10, 14, tzinfo=BOGOTA)


def test_a_missing_file_is_asked_for_after_an_hour_a_day_and_each_week() -> None:
    moments = [CAPTURED, *readings(40, lacking=True)]
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert pauses[0] == timedelta(hours=1)
    assert max(pauses[:4]) <= timedelta(days=1)
    assert set(pauses[-9:]) == {timedelta(weeks=1)}  # for ever, when nothing else is planned


def test_asking_by_hand_in_between_makes_no_pause_shorter() -> None:
    asked = CAPTURED + timedelta(minutes=10)
    due = next_reading(CAPTURED, asked, lacking_since=CAPTURED, is_blank=False)
    assert due == asked + timedelta(hours=1)


def group(days_ago: int, *radicados: str, lacks: bool = False, blank: bool = False) -> Due:
    return Due(DAY - timedelta(days=days_ago), lacks, blank, radicados)


def test_a_missing_file_comes_first_then_what_has_no_claim_number_then_the_newest_days() -> None:
    old, new, blank = group(7, "1", "2"), group(1, "3", "4"), group(9, "5", blank=True)
    lacking = group(3, "6", "7", lacks=True)
    assert within([old, new, blank, lacking], 9) == [lacking, blank, new, old]
    assert within([old, new, blank, lacking], 2) == [lacking, blank, group(1, "3")]
    assert within([old, new, blank, lacking], 0) == within([lacking, old], -5) == [lacking]


@pytest.mark.parametrize(("budget", "most"), [(1000, 170), (60, 60)])
def test_a_fortnights_rereads_stay_within_the_budget(budget: int, most: int) -> None:
    """20 PQR a day, a third without a claim number; what is due is read as far as it reaches."""
    due: dict[tuple[date, str], datetime] = {}
    captured: dict[tuple[date, str], datetime] = {}
    read: Counter[date] = Counter()
    waited: list[timedelta] = []
    for day in range(30):
        now = CAPTURED + timedelta(days=day)
        ready = {key for key, moment in due.items() if moment <= now}
        groups = [Due(key[0], False, key[1] < "07", (key[1],)) for key in ready]
        for chosen in within(groups, budget):
            key = (chosen.fecha, chosen.radicados[0])
            read[now.date()] += 1
            waited.append(now - due[key])
            again = next_reading(captured[key], now, lacking_since=None, is_blank=key[1] < "07")
            due[key] = again or datetime.max.replace(tzinfo=BOGOTA)
        for number in range(20):
            key = (now.date(), f"{number:02}")
            captured[key] = now
            due[key] = next_reading(now, now, lacking_since=None, is_blank=number < 7) or now
    assert max(read.values()) <= min(budget, most)
    if budget == 1000:
        assert max(waited) < timedelta(days=1)
