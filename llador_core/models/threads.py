"""Work on slices of a table in as many threads as there are cores.

NumPy and the compiled kernels let go of Python's lock while they compute, so threads are enough:
they share the table, start in microseconds and leave nothing behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


def n_threads() -> int:
    """Return how many threads may compute: OMP_NUM_THREADS where set, else the cores we may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def spans(n: int, step: int) -> list[slice]:
    """Return slices of at most `step` that together cover 0 to `n`."""
    step = max(1, step)
    return [slice(start, min(n, start + step)) for start in range(0, n, step)]


def for_each(work: Callable[[slice], None], parts: Iterable[slice]) -> None:
    """Call `work` on every slice, in threads where there is more than one core and slice.

    The first error that a call raises is raised here.
    """
    todo = list(parts)
    threads = min(n_threads(), len(todo))
    if threads < 2:
        for part in todo:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, todo):
            pass
