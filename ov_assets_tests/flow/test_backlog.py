"""Which pending partitions to ask for: the decision alone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from ov_assets.days import CompanyDay
from ov_assets.flow.backlog import History, decide, pause_after
from ov_assets.runs import HISTORY

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B, C = (CompanyDay("afinia", date(2026, 11, day)) for day in (1, 2, 3))
AIRE = CompanyDay("aire", date(2026, 11, 2))


def test_oldest_first_whatever_the_order_of_the_rows() -> None:
    assert decide([C, A, AIRE, B], set(), {}, NOW, 10).ask_for == (A, B, AIRE, C)


def test_a_busy_partition_waits_and_is_seen_again() -> None:
    decision = decide([A, B], {A}, {}, NOW, 10)
    assert decision.ask_for == (B,)
    assert decision.waiting == {"in flight": 1}
    assert decide([A, B], set(), {}, NOW, 10).ask_for == (A, B)


def test_a_failing_partition_rests_longer_each_time_but_never_over_an_hour() -> None:
    assert [pause_after(n) for n in range(4)] == [timedelta(minutes=m) for m in (0, 2, 4, 8)]
    assert pause_after(50) == timedelta(hours=1)
    resting = {A: History(2, NOW - timedelta(minutes=3))}
    assert decide([A, B], set(), resting, NOW, 10).ask_for == (B,)
    assert decide([A, B], set(), resting, NOW + timedelta(minutes=1), 10).ask_for == (B, A)


def test_what_fails_for_good_is_asked_for_once_an_hour_though_old_failures_are_forgotten() -> None:
    took, ends, now = timedelta(minutes=3), list[datetime](), NOW
    while now < NOW + timedelta(days=2):
        seen = [end for end in ends if end > now - HISTORY]
        history = History(len(seen), seen[-1]) if seen else History()
        if decide([A], set(), {A: history}, now, 10).ask_for:
            now += took
            ends.append(now)
        now += timedelta(seconds=30)
    pauses = [later - end for end, later in pairwise(ends)]
    assert min(pauses[8:]) >= timedelta(hours=1)


def test_a_cap_leaves_the_rest_for_the_next_tick_and_failing_ones_cannot_eat_it() -> None:
    histories = {A: History(3, NOW - timedelta(hours=2))}
    decision = decide([A, B, C], set(), histories, NOW, 2)
    assert decision.ask_for == (B, C)
    assert decision.waiting == {"over the cap of this tick": 1}


def test_it_says_why_nothing_is_asked_for() -> None:
    assert decide([], set(), {}, NOW, 10).explain() == "Every file on record is in S3."
    assert "1 in flight" in decide([A], {A}, {}, NOW, 10).explain()


def test_among_failing_ones_too_the_oldest_day_is_first() -> None:
    histories = {A: History(3, NOW - timedelta(hours=2)), B: History(1, NOW - timedelta(hours=2))}
    assert decide([A, B, C], set(), histories, NOW, 10).ask_for == (C, A, B)
