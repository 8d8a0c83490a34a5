"""How fast to ask: as fast as the service allows, as seen from its headers and refusals.

Nothing is held back at first. What a service says of its limits (`x-ratelimit-*`, `Retry-After`) is
obeyed. After the first refusal requests are spaced: the rate is searched for by doubling and
halving, then held just under the last one that was refused and crept upwards (as TCP's CUBIC does
with its window), so that neither the limit is left unused nor the service hammered.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

HOLD = 0.95  # of the rate that was refused last
CREEP_S = 30.0  # in which the rate comes back to the one that was refused
SEARCH_GROWTH = 1.2  # by each answer while searching: doubles in four
ENOUGH = 4  # answers between two refusals that tell something
LOWEST = 0.05  # requests a second that are tried at least
SOON_S = 2.0  # a refusal so soon after the last wait means that the rate is far off
SOON_FACTORS = (0.9, 0.8, 0.5)
LATE_S = 0.01  # that is made up for, since timers are late and never early
DEFAULT_WAIT_S = 1.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Pace:
    """When the next request may go out.

    Parameters
    ----------
    rate_rpm : float or None
        Requests a minute at most, as the user wishes; None for no wish.
    clock : callable returning float
        Seconds; for tests.
    """

    def __init__(
        self, rate_rpm: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._wish = None if rate_rpm is None else rate_rpm / 60.0
        self._rate: float | None = None  # requests a second, None until something was refused
        self._ceiling = 0.0  # the rate that was too much
        self._is_searching = True
        self._learnt_at = 0.0
        self._next = 0.0
        self._closed_until = 0.0
        self._cycle_start: float | None = None  # of the time since the last refusal
        self._n_answered = 0  # in that time
        self._n_open = 0  # sent, not come back
        self._n_stale = 0  # of them those sent before the last refusal
        self._n_soon = 0  # refusals in a row that came soon after a wait

    def reserve(self) -> float:
        """Return 0 and take the next place, or the seconds after which to ask again."""
        now = self._clock()
        if self._cycle_start is None:
            self._cycle_start = now
        if now < self._closed_until:
            return self._closed_until - now
        rate = self._rate_at(now)
        if rate is None:
            self._n_open += 1
            return 0.0
        if now < self._next:
            return self._next - now
        self._n_open += 1
        self._next = max(self._next, now - max(LATE_S, 0.3 / rate)) + 1 / rate
        return 0.0

    def answered(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer that came."""
        now = self._clock()
        self._n_answered += 1
        # Answers to what was sent before the last refusal are no reason to go faster.
        if self._came_back() and self._rate is not None and self._is_searching:
            self._rate *= SEARCH_GROWTH
        for what in ("requests", "tokens"):
            told = _limit(headers, what)
            if told is None:
                continue
            pause, rate = told
            if rate is None or self._rate is None:  # once requests are spaced, that is enough
                self._closed_until = max(self._closed_until, now + pause)
            if rate is not None and (self._rate is None or rate < self._rate):
                self._is_searching = False
                self._hold(rate, rate, now)

    def refused(self, wait_s: float | None) -> None:
        """Learn from a 429: hold back as long as was asked, then go on more slowly."""
        now = self._clock()
        self._came_back()
        is_first = now >= self._closed_until  # the others of the same burst tell nothing new
        reopened = self._closed_until
        wait = DEFAULT_WAIT_S if wait_s is None else wait_s
        self._closed_until = max(self._closed_until, now + wait)
        self._next = max(self._next, self._closed_until)
        if not is_first:
            return
        start = now if self._cycle_start is None else self._cycle_start
        n_answered, seen = self._n_answered, self._n_answered / max(now - start, 1e-3)
        self._cycle_start, self._n_answered, self._n_stale = now, 0, self._n_open
        if self._rate is None:
            # Answers to what was sent at once are still on their way, so few may be seen yet.
            self._rate, self._is_searching = max(seen, 1 / max(wait, 0.1)), True
            return
        at = self._rate_at(now) or self._rate
        is_known = n_answered >= ENOUGH  # the answers of this cycle tell what the limit is
        if self._is_searching and not is_known:
            self._hold(at / 2, at, now)
        elif self._is_searching:
            self._is_searching = False
            self._hold(at / SEARCH_GROWTH, at, now)
        elif now - reopened < SOON_S:
            factor = SOON_FACTORS[min(self._n_soon, len(SOON_FACTORS) - 1)]
            self._n_soon += 1
            self._is_searching = self._n_soon > len(SOON_FACTORS) and not is_known
            self._hold(min(max(seen, factor * at), HOLD * at), HOLD * at, now)
        else:
            self._n_soon = 0
            self._hold(HOLD * at, at, now)

    def failed(self) -> None:
        """Take note that a request came back with neither an answer nor a refusal."""
        self._came_back()

    def _came_back(self) -> bool:
        """Count a request as come back; return whether it was sent after the last refusal."""
        self._n_open = max(0, self._n_open - 1)
        is_new = self._n_stale == 0
        self._n_stale = max(0, self._n_stale - 1)
        return is_new

    def _hold(self, rate: float, ceiling: float, now: float) -> None:
        self._rate, self._ceiling, self._learnt_at = max(rate, LOWEST), max(ceiling, LOWEST), now

    def _rate_at(self, now: float) -> float | None:
        """Return the requests a second of the moment, None for no spacing."""
        if self._rate is None:
            return self._wish
        rate = self._rate
        if not self._is_searching:
            share = (now - self._learnt_at) / CREEP_S
            if share < 1:  # quickly at first, then slowly up to what was too much
                rate = self._ceiling - (self._ceiling - rate) * (1 - share) ** 3
            else:
                rate = self._ceiling * (1 + 0.1 * (share - 1) ** 2)
        return rate if self._wish is None else min(rate, self._wish)


def _limit(headers: Mapping[str, str], what: str) -> tuple[float, float | None] | None:
    """Return the seconds to hold back and the rate to go at, None while something remains.

    `reset` is the time until the whole limit is there again. Where the limit fills up steadily, as
    OpenAI's does, the next request fits after `reset / limit`; where it is filled at once, the
    service will refuse and say how long to wait. Of tokens only the first part is known here.
    """
    remaining = _number(headers.get(f"x-ratelimit-remaining-{what}"))
    limit = _number(headers.get(f"x-ratelimit-limit-{what}"))
    reset = duration(headers.get(f"x-ratelimit-reset-{what}", ""))
    if remaining != 0 or not reset:  # -1 stands for "no limit" at some services
        return None
    if what == "tokens" or not limit or limit < 0:
        return min(reset, DEFAULT_WAIT_S), None
    return reset / limit, limit / reset


def duration(text: str) -> float | None:
    """Return the seconds in "6m0s", "12ms", "1h2m" or "2.5"; None for anything else."""
    text = text.strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        parts = _PART.findall(text)
    if not parts or "".join(n + unit for n, unit in parts) != text:
        return None
    return sum(float(n) * _SECONDS[unit] for n, unit in parts)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
