"""Which code made something: kept beside every result."""

from __future__ import annotations

import subprocess

from llador_core.paths import REPOSITORY


def commit() -> str:
    """Return the commit of this checkout, "" where there is none."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
