"""One file from a server that misbehaves in every way a network does."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llador_core.data import download as module
from llador_core.data.download import DownloadError, Patience, download, megabytes
from llador_core.errors import MissingDataError, StorageError
from tests.core.data.misbehaving import Server, serving

QUICK = Patience(tries=3, first_pause_s=0.01, connect_s=2.0, silence_s=0.3)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


def test_a_file_comes_whole_and_progress_ends_at_its_size(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    part = download(
        server.url, tmp_path / "f.bin", patience=QUICK, report=lambda *n: told.append(n)
    )
    assert part.read_bytes() == server.content
    assert not (tmp_path / "f.bin").exists()  # renamed by whoever has checked it
    assert told[0] == (0, len(server.content))
    assert told[-1] == (len(server.content),) * 2
    assert sorted(told) == told


@pytest.mark.parametrize("n_cuts", [1, 4])
def test_a_cut_download_goes_on_where_it_was(server: Server, tmp_path: Path, n_cuts: int) -> None:
    server.cut_after = [100_000] * n_cuts  # more cuts than tries, but each brings something
    part = download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert part.read_bytes() == server.content
    ranges = [asked.get("Range") for asked in server.asked]
    assert ranges == [None, *(f"bytes={100_000 * i}-" for i in range(1, n_cuts + 1))]


def test_a_download_that_was_killed_goes_on_in_another_process(
    server: Server, tmp_path: Path
) -> None:
    server.cut_after = [300_000, 0, 0, 0]
    with pytest.raises(DownloadError, match=r"cut.*0.3 MB are kept: fetch again"):
        download(server.url, tmp_path / "f.bin", patience=QUICK)
    server.asked.clear()
    server.cut_after = []
    part = download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert part.read_bytes() == server.content
    assert server.asked[0]["Range"] == "bytes=300000-"


def test_a_server_without_ranges_starts_again(server: Server, tmp_path: Path) -> None:
    server.knows_ranges = False
    server.cut_after = [100_000]
    part = download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert part.read_bytes() == server.content
    assert len(server.asked) == 2


def test_another_version_is_never_mixed_with_the_old_one(server: Server, tmp_path: Path) -> None:
    server.cut_after = [100_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        download(server.url, tmp_path / "f.bin", patience=QUICK)
    server.content, server.etag, server.cut_after = b"new" * 100_000, '"two"', []
    assert download(server.url, tmp_path / "f.bin", patience=QUICK).read_bytes() == b"new" * 100_000


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_promise_of_sameness_nothing_is_resumed(
    server: Server, tmp_path: Path, etag: str
) -> None:
    server.etag = etag
    server.cut_after = [100_000]
    assert download(server.url, tmp_path / "f.bin", patience=QUICK).read_bytes() == server.content
    assert all("Range" not in asked for asked in server.asked)


def test_a_whole_part_is_not_fetched_twice(server: Server, tmp_path: Path) -> None:
    download(server.url, tmp_path / "f.bin", patience=QUICK)
    server.asked.clear()
    part = download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert part.read_bytes() == server.content
    assert [asked.get("Range") for asked in server.asked] == [f"bytes={len(server.content)}-"]


def test_errors_of_the_server_are_waited_out(server: Server, tmp_path: Path) -> None:
    server.statuses = [503, 500]
    assert download(server.url, tmp_path / "f.bin", patience=QUICK).read_bytes() == server.content
    server.statuses = [500] * 3
    with pytest.raises(DownloadError, match="the server answered 500"):
        download(server.url, tmp_path / "g.bin", patience=QUICK)


def test_a_longer_length_than_the_file_is_a_cut(server: Server, tmp_path: Path) -> None:
    server.says_length = len(server.content) + 10
    with pytest.raises(DownloadError, match="was cut"):
        download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert not (tmp_path / "f.bin").exists()


def test_a_silent_server_is_given_up(server: Server, tmp_path: Path) -> None:
    server.cut_after, server.silence_s = [1_000, 0, 0, 0], 5.0
    with pytest.raises(DownloadError, match="fell silent"):
        download(server.url, tmp_path / "f.bin", patience=QUICK)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (404, MissingDataError, "no longer has"),
        (403, DownloadError, "refused to send"),
    ],
)
def test_a_refusal_is_told_at_once(
    server: Server, tmp_path: Path, status: int, kind: type[Exception], words: str
) -> None:
    server.statuses = [status]
    with pytest.raises(kind, match=words):
        download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert len(server.asked) == 1


def test_a_login_page_is_no_file(server: Server, tmp_path: Path) -> None:
    server.page = "<!DOCTYPE html><title>Sign in</title>"
    with pytest.raises(DownloadError, match="a web page in the place of the file"):
        download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert not (tmp_path / "f.bin.part").exists()


def test_a_pointer_is_no_file(server: Server, tmp_path: Path) -> None:
    server.content = b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n"
    with pytest.raises(DownloadError, match="Git LFS pointer"):
        download(server.url, tmp_path / "f.bin", patience=QUICK)


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(DownloadError, match=r"no connection could be made\. Check the network"):
        download(f"http://127.0.0.1:{port}/x", tmp_path / "f.bin", patience=QUICK)


def test_a_full_disk_is_told_before_anything_is_written(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: type("U", (), {"free": 60 << 20}))
    with pytest.raises(StorageError, match="63 MB free, and 68 MB are needed"):
        download(server.url, tmp_path / "f.bin", patience=QUICK)
    assert not list(tmp_path.iterdir())


def test_damaged_notes_of_a_part_start_it_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.bin.part").write_bytes(b"old")
    for notes in ("{", json.dumps({"url": server.url}), "[]"):
        (tmp_path / "f.bin.part.json").write_text(notes)
        part = download(server.url, tmp_path / "f.bin", patience=QUICK)
        assert part.read_bytes() == server.content


@pytest.mark.parametrize(
    ("n", "words"),
    [(12_401_407, "12 MB"), (2_509_984, "2.5 MB"), (940_000_000, "940 MB"), (1.3e9, "1.3 GB")],
)
def test_sizes_are_said_as_people_do(n: float, words: str) -> None:
    assert megabytes(int(n)) == words


def test_a_disk_that_fills_meanwhile_keeps_what_came(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def filling(answer: Any) -> Iterator[bytes]:
        yield next(pieces(answer))
        raise OSError(errno.ENOSPC, "No space left on device")

    pieces = module._pieces
    with monkeypatch.context() as patch:
        patch.setattr(module, "_pieces", filling)
        with pytest.raises(StorageError, match="the disk is full"):
            download(server.url, tmp_path / "f.bin", patience=QUICK)
    had = (tmp_path / "f.bin.part").stat().st_size
    assert 0 < had < len(server.content)
    server.asked.clear()
    assert download(server.url, tmp_path / "f.bin", patience=QUICK).read_bytes() == server.content
    assert server.asked[0]["Range"] == f"bytes={had}-"
