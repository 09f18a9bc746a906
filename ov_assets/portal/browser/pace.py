"""At most one request per interval and account, however many tabs there are."""

import asyncio


class Pace:
    """Hands out turns that lie at least `min_interval_s` apart."""

    def __init__(self, min_interval_s: float) -> None:
        self._interval_s = min_interval_s
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._next)
        self._next = start + self._interval_s
        if start > now:
            await asyncio.sleep(start - now)

    def pause(self, seconds: float) -> None:
        """Nobody gets a turn before so many seconds have passed: the portal asks for it."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)
