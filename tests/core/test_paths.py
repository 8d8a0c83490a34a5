"""Files are written whole or not at all, and a refusal to write is one sentence."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from llador_core import paths
from llador_core.errors import StorageError


def test_one_variable_moves_all_user_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "mine"))
    assert paths.home() == tmp_path / "mine"
    assert paths.runs_folders()[0] == tmp_path / "mine" / "runs"
    assert not (tmp_path / "mine").exists()  # asking makes no folder
    monkeypatch.setenv("LLADOR_HOME", "~/elsewhere")
    assert paths.home() == Path.home() / "elsewhere"
    for unset in (
        lambda: monkeypatch.setenv("LLADOR_HOME", ""),
        lambda: monkeypatch.delenv("LLADOR_HOME"),
    ):
        unset()
        assert paths.home() == Path.home() / ".llador"


def test_raw_files_are_sought_in_the_given_folder_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(tmp_path))
    assert paths.raw_folders() == [tmp_path, paths.home() / "raw"]
    monkeypatch.delenv("LLADOR_RAW")
    assert paths.raw_folders() == [paths.home() / "raw"]


def test_a_file_is_written_with_its_folders_and_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "file"
    for content in (b"first", b"", b"third \xff"):
        paths.write_atomically(file, content)
        assert file.read_bytes() == content
        assert [f.name for f in file.parent.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "no folder can be made"),
    ],
)
def test_a_write_that_fails_leaves_the_old_file_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    file = tmp_path / "file"
    paths.write_atomically(file, b"old")

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=words) as error:
        paths.write_atomically(file, b"new")
    assert str(file) in str(error.value)
    assert "LLADOR_HOME" in str(error.value)
    assert file.read_bytes() == b"old"
    assert [f.name for f in tmp_path.iterdir()] == ["file"]


def test_a_file_where_a_folder_should_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StorageError, match="a file"):
        paths.make_folder(tmp_path / "home")
    with pytest.raises(StorageError, match="is a file, not a folder"):
        paths.write_atomically(tmp_path / "home" / "runs" / "x", b"")


def test_an_unexpected_refusal_passes_through(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="broken") as error, paths.storage_errors(tmp_path):
        raise OSError(errno.EIO, "broken")
    assert not isinstance(error.value, StorageError)


def test_an_interrupted_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    paths.write_atomically(file, b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        paths.write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert [f.name for f in tmp_path.iterdir()] == ["file"]


def test_the_checksum_is_sha_256_over_the_contents_in_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"x" * (3 << 20))
    two.write_bytes(b"y")
    expected = hashlib.sha256(one.read_bytes() + two.read_bytes()).hexdigest()
    assert paths.checksum(one, two) == expected
    assert paths.checksum(two, one) != expected
