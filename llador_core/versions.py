"""Which code made something: versions of packages, and the commit of this checkout."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version

from llador_core import __version__
from llador_core.paths import REPOSITORY

_PACKAGES = ("torch", "numpy", "safetensors")


def versions() -> dict[str, str]:
    """Return our version and those of the packages that a result depends on."""
    return {"llador": __version__, **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


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
