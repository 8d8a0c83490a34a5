"""A table of the reader's: uploaded, or chosen from the raw folders of this machine."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

import streamlit as st

from llador_core import paths
from llador_core.data.download import megabytes
from llador_core.data.sniff import ENDINGS
from llador_core.escape import plain

KEEP_UPLOADS_S = 24 * 3600.0
MAX_UPLOAD_MB = 500
MAX_LISTED = 300
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def pick_table(label: str, key: str, is_optional: bool = False) -> Path | None:
    """Offer to upload a table or to choose one that is here; return where it lies."""
    here = tables_here()
    uploaded, chosen = st.columns(2, gap="medium")
    with uploaded:
        given = st.file_uploader(
            f"{label}: upload",
            key=f"{key}-upload",
            max_upload_size=MAX_UPLOAD_MB,
            help="TSV, CSV or any separated text, also gzipped, or Parquet. It stays on the "
            "machine that runs this app.",
        )
    with chosen:
        picked = st.selectbox(
            f"{label}: or one that is here",
            here,
            index=None,
            format_func=_words,
            key=f"{key}-here",
            placeholder="Choose a file" if here else "No table in the raw folder",
            disabled=not here or given is not None,
            help="Tables in the folder that LLADOR_RAW names and in the app's own raw folder; "
            "the way for files too large to upload.",
        )
    if given is not None:
        return _kept(given, key)
    if picked is None and not is_optional:
        return None
    return picked


def tables_here() -> list[Path]:
    """Return the tables in the raw folders and one level below."""
    found: list[Path] = []
    for folder in paths.raw_folders():
        if folder.is_dir():
            below = [one for one in sorted(folder.iterdir()) if one.is_dir()]
            for place in (folder, *below):
                found += [one for one in sorted(place.iterdir()) if is_table(one)]
    return found[:MAX_LISTED]


def is_table(file: Path) -> bool:
    """Return whether a file is called like a table."""
    name = file.name.casefold().removesuffix(".gz")
    return name.endswith(ENDINGS) and not name.startswith(".") and file.is_file()


def is_upload(file: Path) -> bool:
    """Return whether a file was uploaded, so that it goes once it is imported."""
    return file.parent.parent == _uploads()


def _words(file: Path) -> str:
    size = megabytes(file.stat().st_size) if file.is_file() else "gone"
    return plain(f"{file.parent.name}/{file.name} ({size})")


def _kept(given: Any, key: str) -> Path:
    """Write an upload to disk, once, and return where it lies. Raises StorageError."""
    folder = _uploads() / _UNSAFE.sub("_", str(given.file_id))[:80]
    name = _UNSAFE.sub("_", Path(given.name).name).lstrip(".") or "table"
    file = folder / name[-120:]
    if st.session_state.get(f"{key}-kept") != str(file) or not file.is_file():
        _prune()
        paths.write_atomically(file, given.getbuffer())
        st.session_state[f"{key}-kept"] = str(file)
    return file


def _uploads() -> Path:
    return paths.home() / "uploads"


def _prune() -> None:
    """Remove uploads of yesterday that nobody imported."""
    folder = _uploads()
    for one in folder.iterdir() if folder.is_dir() else ():
        if time.time() - one.stat().st_mtime > KEEP_UPLOADS_S:
            shutil.rmtree(one, ignore_errors=True)
