"""How much memory there is, and keeping what was once taken.

glibc gives every array above a limit back to the system when it is dropped, and the next one starts
with pages that the system must clear first: in a loop that makes the same arrays in every step this
can take longer than the arithmetic. Told to keep them, it does.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from pathlib import Path

import torch

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_KEPT = 1 << 30
_CGROUPS = (  # version 2, then 1: limit, use, and the statistics whose inactive files can be freed
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)


@functools.cache
def keep_memory() -> bool:
    """Let this process keep the memory of dropped arrays; return whether the system could."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    asked = ((_M_MMAP_THRESHOLD, _KEPT), (_M_TRIM_THRESHOLD, _KEPT), (_M_TOP_PAD, 1 << 26))
    done = [mallopt(which, value) == 1 for which, value in asked]
    return all(done)


def available_mb(device: torch.device, root: Path = Path("/")) -> float | None:
    """Return the memory that can still be taken, in MB; None where it cannot be told.

    On a processor the smaller one of what the machine has free and what the process's control group
    leaves; on an NVIDIA GPU what is free there.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] / 1e6
    if device.type != "cpu":
        return None
    found = [value for value in (_of_machine(root), *_of_groups(root)) if value is not None]
    return min(found) / 1e6 if found else None


def _of_machine(root: Path) -> int | None:
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _of_groups(root: Path) -> list[int]:
    """Return what each control group that limits this process leaves, in bytes."""
    base, found = root / "sys/fs/cgroup", []
    for limit, used, inactive in _CGROUPS:
        for folder in _group_folders(root, base):
            try:
                most = int((folder / limit).read_text())
                now = int((folder / used).read_text())
                statistics = (folder / limit).with_name("memory.stat").read_text()
            except (OSError, ValueError):  # no such group, or "max": no limit
                continue
            freeable = [
                int(line.split()[1])
                for line in statistics.splitlines()
                if line.startswith(f"{inactive} ")
            ]
            found.append(max(0, most - now + sum(freeable)))
    return found


def _group_folders(root: Path, base: Path) -> list[Path]:
    """Return the folders of this process's control group and of those it lies in."""
    folders = [base]
    try:
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            number, _, path = line.split(":", 2)
            if number == "0" and path.strip("/"):
                below = base / path.strip("/")
                folders += [below, *(p for p in below.parents if base in p.parents)]
    except (OSError, ValueError):
        pass
    return folders
