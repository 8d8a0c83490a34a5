"""What every command prints with, and how it reads a number."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

NOTICE = "For research only, not for clinical use: ranks come from a model, nobody reviewed them."
Arguments = argparse.Namespace
AddCommand = Callable[[str, Callable[[Arguments], None], str], argparse.ArgumentParser]


def bar(what: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        end = "\n" if done >= total else "\r"
        print(f"{done}/{total} {what}", end=end, file=sys.stderr, flush=True)

    return show


def print_json(content: Any) -> None:
    print(json.dumps(content, indent=1, default=str, allow_nan=False))


def print_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [list(head), *([("-" if c is None else str(c)) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, found {value}")
    return value
