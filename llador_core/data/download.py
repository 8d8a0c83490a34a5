"""One file over HTTPS: resumed where it was cut, retried, whole or not at all.

What has come so far lies in `NAME.part`, with what the server calls this version of the file in
`NAME.part.json`: a version that has changed meanwhile is begun anew, never mixed with the old one.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from llador_core import paths
from llador_core.errors import LladorError, MissingDataError, StorageError

log = logging.getLogger(__name__)

Report = Callable[[int, int], None]  # bytes that are here, bytes in all (0 where nobody knows)

CHUNK_BYTES = 1 << 16
TRIES = 5  # in a row that bring nothing; one that brings anything starts the count again
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
CONNECT_S, SILENCE_S = 15.0, 60.0
SPARE_BYTES = 64 << 20  # a disk filled to the last byte fails everybody else
TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
POINTER = b"version https://git-lfs"


class DownloadError(LladorError):
    """The file did not come; the message says why, what is kept and what to do."""


@dataclass(frozen=True)
class Version:
    """What the server calls the file it sends.

    Attributes
    ----------
    url : str
        As asked for.
    validator : str
        Its ETag, else the date of its last change; "" where it tells neither.
    size : int
        Bytes in all, 0 where the server does not tell.
    """

    url: str
    validator: str
    size: int


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    Attributes
    ----------
    tries : int
        Attempts in a row that bring nothing before giving up.
    first_pause_s, connect_s, silence_s : float
        Before the second attempt (doubled each time); for a connection; between two pieces.
    """

    tries: int = TRIES
    first_pause_s: float = FIRST_PAUSE_S
    connect_s: float = CONNECT_S
    silence_s: float = SILENCE_S


class _TryAgainError(Exception):
    """This attempt failed in a way that the next may mend."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        self.reason, self.pause_s = reason, pause_s
        super().__init__(reason)


def download(
    url: str,
    to: Path,
    *,
    size: int | None = None,
    report: Report | None = None,
    patience: Patience | None = None,
) -> Path:
    """Bring the file at `url` to `NAME.part` beside `to`, complete, and return that path.

    The caller checks it and renames it, so that nothing unchecked ever bears the file's name.

    Parameters
    ----------
    url : str
    to : Path
        What the file will be called.
    size : int or None
        Bytes as published, for the check of disk space; the server's own word counts first.
    report : callable or None
        Called with the bytes that are here and the bytes in all.
    patience : Patience or None

    Raises
    ------
    DownloadError
        No connection, an answer that is no file, or a file cut again and again.
    MissingDataError
        The server has no such file.
    StorageError
        No room or no permission.
    """
    patience = patience or Patience()
    part = to.with_name(to.name + ".part")
    paths.make_folder(to.parent)
    n_failed, had = 0, _size(part)
    while True:
        try:
            _attempt(url, part, size or 0, report or (lambda _here, _total: None), patience)
            return part
        except _TryAgainError as failure:
            n_failed = n_failed + 1 if _size(part) <= had else 1
            had = max(had, _size(part))
            if n_failed >= patience.tries:
                raise DownloadError(_gave_up(url, failure.reason, part)) from failure
            pause = max(failure.pause_s, patience.first_pause_s * 2 ** (n_failed - 1))
            log.info("%s: %s; trying again in %.0f s.", to.name, failure.reason, pause)
            time.sleep(min(pause, LONGEST_PAUSE_S))


def forget(part: Path) -> None:
    """Remove a part and what is known of it."""
    part.unlink(missing_ok=True)
    _notes(part).unlink(missing_ok=True)


def _attempt(url: str, part: Path, size: int, report: Report, patience: Patience) -> None:
    """Ask for what is missing and append it. Raises `_TryAgainError` where it may yet come."""
    have, known = _so_far(url, part)
    headers = {"Accept-Encoding": "identity", "User-Agent": "LLaDoR"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": known.validator}
    with _answer(url, headers, patience) as answer:
        if answer.status_code == 416:  # nothing behind what is here: it is whole, or another file
            if known.size and have == known.size:
                return
            forget(part)
            raise _TryAgainError("the server does not know the part asked for")
        _check_status(url, answer.status_code, answer.headers.get("Retry-After", ""))
        is_rest = answer.status_code == 206
        if is_rest and not _begins_at(answer.headers.get("Content-Range", ""), have):
            forget(part)
            raise _TryAgainError("the server sent another part than the one asked for")
        start = have if is_rest else 0
        length = int(answer.headers.get("Content-Length") or 0)
        version = Version(url, _validator(answer.headers), start + length if length else 0)
        _check_room(part, (version.size or size) - start)
        report(start, version.size or size)
        _write(answer, part, start, version, report)
    here = _size(part)
    if version.size and here != version.size:
        raise _TryAgainError(f"the connection was cut at {here:,} of {version.size:,} bytes")
    if not here:
        raise _TryAgainError("the server sent an empty file")


def _write(answer: Any, part: Path, start: int, version: Version, report: Report) -> None:
    """Append what comes. Raises DownloadError where the first bytes are no file's."""
    here, pieces = start, _pieces(answer)
    first = next(pieces, b"")
    if not start:
        _check_content(answer, first)
        forget(part)
        paths.write_atomically(_notes(part), json.dumps(asdict(version)).encode())
    with paths.storage_errors(part), part.open("ab" if start else "wb") as file:
        for piece in chain([first], pieces):
            file.write(piece)
            here += len(piece)
            report(here, max(version.size, here))


def _pieces(answer: Any) -> Iterator[bytes]:
    """Yield the bytes as sent. Raises _TryAgainError for a cut connection or a long silence."""
    import urllib3

    try:
        yield from cast(Iterator[bytes], answer.raw.stream(CHUNK_BYTES, decode_content=False))
    except urllib3.exceptions.ReadTimeoutError as error:
        raise _TryAgainError("the server fell silent") from error
    except urllib3.exceptions.HTTPError as error:
        raise _TryAgainError("the connection was cut") from error


@contextmanager
def _answer(url: str, headers: dict[str, str], patience: Patience) -> Iterator[Any]:
    """Ask for the file, by way of a proxy where the environment names one. Raises as `_attempt`."""
    import requests

    timeout = (patience.connect_s, patience.silence_s)
    try:
        found = requests.get(url, headers=headers, timeout=timeout, stream=True)
    except requests.exceptions.SSLError as error:
        raise DownloadError(
            f"{_host(url)} could not prove who it is, so nothing was downloaded ({error}). A "
            "company proxy may stand between: give its certificate in REQUESTS_CA_BUNDLE."
        ) from error
    except requests.exceptions.Timeout as error:
        raise _TryAgainError("the server did not answer in time") from error
    except requests.exceptions.ConnectionError as error:
        raise _TryAgainError("no connection could be made") from error
    except requests.exceptions.RequestException as error:
        raise DownloadError(f"{url} cannot be fetched: {error}.") from error
    with found:
        yield found


def _check_status(url: str, status: int, retry_after: str) -> None:
    if status in (200, 206):
        return
    if status in TRY_LATER:
        pause = float(retry_after) if retry_after.isdigit() else 0.0
        raise _TryAgainError(f"the server answered {status}", pause)
    if status in (404, 410):
        raise MissingDataError(
            f"{_host(url)} no longer has {url} (it answered {status}). Look on the graph's home "
            "page for where the file is now, put it into the raw folder by hand, and load it."
        )
    raise DownloadError(
        f"{_host(url)} refused to send {url} (it answered {status}). Download the file with a "
        "browser and put it into the raw folder."
    )


def _check_content(answer: Any, first: bytes) -> None:
    """Raise DownloadError where a web page or a pointer came in the place of a file."""
    kind = answer.headers.get("Content-Type", "")
    start = first[:200].lstrip().lower()
    if kind.startswith("text/html") or start.startswith((b"<!doctype html", b"<html")):
        raise DownloadError(
            f"{_host(answer.url)} sent a web page in the place of the file: a login, a notice, or "
            "the page of a network that wants you to sign in. Open the address in a browser, then "
            "fetch again; nothing was kept."
        )
    if first.startswith(POINTER):
        raise DownloadError(
            f"{_host(answer.url)} sent a Git LFS pointer in the place of the file. Download the "
            "file from the repository's page and put it into the raw folder."
        )


def _check_room(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed + SPARE_BYTES > free:
        raise StorageError(
            f"{part.parent} has {megabytes(free)} free, and {megabytes(needed + SPARE_BYTES)} are "
            "needed. Free some space or set LLADOR_HOME to a larger disk; nothing was changed."
        )


def _so_far(url: str, part: Path) -> tuple[int, Version]:
    """Return the bytes that may be gone on from, and their version; 0 where one starts anew."""
    nothing = Version(url, "", 0)
    try:
        known = Version(**json.loads(_notes(part).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return 0, nothing
    if known.url != url or not known.validator:
        return 0, nothing
    return _size(part), known


def _validator(headers: Any) -> str:
    """Return what tells one version of the file from another; weak tags promise too little."""
    tag = str(headers.get("ETag", ""))
    return tag if tag and not tag.startswith("W/") else str(headers.get("Last-Modified", ""))


def _begins_at(content_range: str, start: int) -> bool:
    return content_range.replace("bytes ", "").split("-")[0].strip() == str(start)


def _gave_up(url: str, reason: str, part: Path) -> str:
    here = _size(part)
    kept = f"{megabytes(here)} are kept: fetch again to go on from there." if here else ""
    return (
        f"{part.name.removesuffix('.part')} did not come from {_host(url)}: {reason}. Check the "
        f"network (a proxy is taken from https_proxy). {kept or 'Then fetch again.'}"
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _notes(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def megabytes(n_bytes: int) -> str:
    """Return a number of bytes as people say it: '12 MB', '1.3 GB'."""
    if n_bytes >= 1_000_000_000:
        return f"{n_bytes / 1e9:.1f} GB"
    if n_bytes >= 10_000_000 or n_bytes % 1_000_000 == 0:
        return f"{n_bytes / 1e6:.0f} MB"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 100_000 else f"{n_bytes / 1e3:.0f} kB"
