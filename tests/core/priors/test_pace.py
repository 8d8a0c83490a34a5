"""How fast to ask, on a clock of the test's own: simulated services of several kinds."""

from __future__ import annotations

import heapq

import pytest

from llador_core.priors.pace import Pace, duration


class Bucket:
    """A limit that fills up steadily, as OpenAI's does; refusals say when to come back."""

    def __init__(self, rate, size, in_whole_seconds, with_headers):
        self.rate, self.size, self.whole, self.tells = rate, size, in_whole_seconds, with_headers
        self.level, self.at = float(size), 0.0

    def take(self, now):
        self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            wait = (1 - self.level) / self.rate
            return False, (max(1.0, float(int(wait + 0.999))) if self.whole else wait)
        self.level -= 1
        if not self.tells:
            return True, {}
        return True, {
            "x-ratelimit-limit-requests": str(self.size),
            "x-ratelimit-remaining-requests": str(int(self.level)),
            "x-ratelimit-reset-requests": f"{int(1000 * (self.size - self.level) / self.rate)}ms",
        }


class Window:
    """A limit that is filled at once at the start of each window."""

    def __init__(self, n, seconds):
        self.n, self.seconds, self.index, self.used = n, seconds, -1, 0

    def take(self, now):
        index = int(now // self.seconds)
        if index != self.index:
            self.index, self.used = index, 0
        if self.used >= self.n:
            return False, (index + 1) * self.seconds - now
        self.used += 1
        return True, {}


def simulate(service, pace_rpm=None, n_workers=16, latency=0.3, seconds=300.0):
    """Return how many requests were answered and refused."""
    now = [0.0]
    pace = Pace(pace_rpm, clock=lambda: now[0])
    events = [(0.0, worker, None) for worker in range(n_workers)]
    answered = refused = 0
    while events:
        now[0], worker, came = heapq.heappop(events)
        if now[0] > seconds:
            break
        if came is not None:
            is_good, told = came
            if is_good:
                answered += 1
                pace.answered(told)
            else:
                refused += 1
                pace.refused(told)
        pause = pace.reserve()
        if pause > 0:
            heapq.heappush(events, (now[0] + pause + 1e-3, worker, None))
        else:
            is_good, told = service.take(now[0])
            later = now[0] + (latency if is_good else 0.01)
            heapq.heappush(events, (later, worker, (is_good, told)))
    return answered, refused


@pytest.mark.parametrize("with_headers", [True, False])
@pytest.mark.parametrize("in_whole_seconds", [True, False])
@pytest.mark.parametrize("size", [1, 10, 100])
@pytest.mark.parametrize("rate", [2.0, 20.0])
def test_a_limit_that_fills_steadily_is_used_up(rate, size, in_whole_seconds, with_headers):
    service = Bucket(rate, size, in_whole_seconds, with_headers)
    answered, refused = simulate(service)
    allowed = rate * 300 + size
    assert answered >= 0.9 * allowed, (answered, allowed, refused)
    assert refused <= 0.5 * answered, (answered, refused)


@pytest.mark.parametrize(("n", "seconds"), [(60, 30.0), (10, 1.0), (500, 60.0)])
def test_a_limit_by_the_window_is_used_up(n, seconds):
    answered, refused = simulate(Window(n, seconds), n_workers=32, latency=0.05)
    assert answered >= 0.9 * n * 300 / seconds
    assert refused <= 0.4 * answered


@pytest.mark.parametrize("rpm", [60, 600, 1200])
def test_a_wish_is_kept_and_used(rpm):
    answered, refused = simulate(Bucket(1e9, 10**9, False, False), pace_rpm=rpm)
    assert refused == 0
    assert 0.95 * 5 * rpm <= answered <= 5 * rpm + 16


def test_without_a_limit_nothing_is_held_back():
    answered, _ = simulate(Bucket(1e9, 10**9, False, False), n_workers=8, latency=0.1, seconds=10)
    assert answered >= 0.99 * 8 * 10 / 0.1


def test_everyone_waits_as_long_as_was_asked():
    now = [100.0]
    pace = Pace(clock=lambda: now[0])
    assert pace.reserve() == 0
    pace.refused(7.0)
    assert pace.reserve() == pytest.approx(7.0)
    now[0] += 6.9
    assert pace.reserve() == pytest.approx(0.1)
    now[0] += 0.2
    assert pace.reserve() == 0


def test_tokens_that_ran_out_hold_back_too():
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    pace.answered({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "800ms"})
    assert pace.reserve() == pytest.approx(0.8)


@pytest.mark.parametrize("remaining", ["-1", "5", "many"])
def test_what_remains_holds_nothing_back(remaining):
    pace = Pace(clock=lambda: 0.0)
    pace.answered({"x-ratelimit-remaining-requests": remaining, "x-ratelimit-reset-requests": "1h"})
    assert pace.reserve() == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m0s", 360), ("12ms", 0.012), ("1h2m", 3720), ("2.5", 2.5), ("", None), ("soon", None)],
)
def test_durations_as_services_write_them(text, seconds):
    assert duration(text) == seconds
