"""How a training goes, from the progress file of its run folder, read once and then only its end.

A file that is being written, was cut by a kill, or tells of steps that a resumed training did again
is read as it should be: lines that are none are passed over, steps done again replace the old ones.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

PROGRESS = "progress.jsonl"
MOST_POINTS = 600  # a curve has no more pixels


@dataclass(frozen=True)
class Point:
    """A line of a progress file.

    Attributes
    ----------
    step, steps : int
        Done, and at most.
    loss : float
        Mean since the last line.
    valid_mrr : float or None
        None where the line does not follow a validation.
    seconds, eta_s : float
        Of training so far, and to the last step at that speed.
    triples_per_s, device_memory_mb : float
    """

    step: int
    steps: int
    loss: float
    valid_mrr: float | None
    seconds: float
    eta_s: float
    triples_per_s: float
    device_memory_mb: float


@dataclass
class Curve:
    """What a progress file has told so far; `update` reads what has come since.

    Attributes
    ----------
    points : list of Point
        In the order of their steps, thinned to `MOST_POINTS`; validations are kept longest.
    n_passed_over : int
        Lines that were none.
    """

    points: list[Point] = field(default_factory=list)
    n_passed_over: int = 0
    _offset: int = 0
    _inode: int = 0

    def update(self, folder: Path) -> Curve:
        """Read what a run folder's progress file tells since the last time; return this curve."""
        try:
            with (folder / PROGRESS).open("rb") as file:
                stat = os.fstat(file.fileno())
                if stat.st_ino != self._inode or stat.st_size < self._offset:
                    self.points, self._offset, self._inode = [], 0, stat.st_ino  # started anew
                file.seek(self._offset)
                told = file.read()
        except OSError:
            return self
        whole, newline, _ = told.rpartition(b"\n")  # a line that is being written waits
        self._offset += len(whole) + len(newline)
        for line in whole.split(b"\n") if newline else ():
            point = _point(line)
            if point is None:
                self.n_passed_over += bool(line.strip())
                continue
            while self.points and self.points[-1].step >= point.step:
                self.points.pop()
            self.points.append(point)
        if len(self.points) > MOST_POINTS:
            self.points = _thinned(self.points)
        return self

    @property
    def last(self) -> Point | None:
        return self.points[-1] if self.points else None

    @property
    def validations(self) -> list[Point]:
        return [point for point in self.points if point.valid_mrr is not None]


def _point(line: bytes) -> Point | None:
    try:
        told = json.loads(line)
        mrr = float(told["valid_mrr"])
        is_validated = bool(told.get("is_validated", True)) and math.isfinite(mrr)
        return Point(
            step=int(told["step"]),
            steps=int(told.get("steps") or 0),
            loss=float(told["loss"]),
            valid_mrr=mrr if is_validated else None,
            seconds=float(told.get("seconds", math.nan)),
            eta_s=float(told.get("eta_s", math.nan)),
            triples_per_s=float(told.get("triples_per_s", math.nan)),
            device_memory_mb=float(told.get("device_memory_mb", 0.0)),
        )
    except (ValueError, TypeError, KeyError):
        return None


def _thinned(points: list[Point]) -> list[Point]:
    """Return half of the points: validations, and every second of the others; at most the limit."""
    kept = [p for i, p in enumerate(points) if i % 2 or p.valid_mrr is not None]
    if len(kept) > MOST_POINTS:
        kept = kept[1::2]
    return kept if kept and kept[-1] is points[-1] else [*kept, points[-1]]
