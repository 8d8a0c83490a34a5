"""The cache of parsed graphs: the same tables, never a damaged one, never in the way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from llador_core import paths
from llador_core.data import cache, load_graph, local_tsv
from llador_core.data.tables import Tables

SAMPLE = Path(__file__).parents[2] / "data" / "local"
SOURCE = "a" * 64


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Parser:
    """Parses the sample and counts how often it was asked to."""

    def __init__(self) -> None:
        self.n_calls = 0

    def __call__(self) -> Tables:
        self.n_calls += 1
        return local_tsv.parse(local_tsv.files(SAMPLE))


def assert_same(one: Tables, other: Tables) -> None:
    for part in fields(Tables):
        a, b = getattr(one, part.name), getattr(other, part.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b, part.name


def kept_folder(home: Path) -> Path:
    (folder,) = (home / "cache" / "graphs").iterdir()
    return folder


def test_the_second_load_reads_the_same_tables_without_parsing(own_home: Path) -> None:
    parse = Parser()
    first = cache.parsed("local", SOURCE, (), parse)
    second = cache.parsed("local", SOURCE, (), parse)
    assert parse.n_calls == 1
    assert_same(first, second)
    assert isinstance(second.triples.base, np.memmap)
    assert not first.triples.flags.writeable
    assert not second.triples.flags.writeable


def test_reading_back_does_not_wait_for_pandas(own_home: Path) -> None:
    cache.parsed("sample", SOURCE, (), Parser())
    code = (
        "import sys; from llador_core.data import cache; "
        f"cache._read(next(cache.folder().iterdir()), {SOURCE!r}, ()); "
        "print('pandas' in sys.modules)"
    )
    environment = {**os.environ, "LLADOR_HOME": str(own_home)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=paths.REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False"]


def test_another_source_or_numbering_is_parsed_anew(own_home: Path) -> None:
    parse = Parser()
    cache.parsed("local", SOURCE, (), parse)
    cache.parsed("local", "b" * 64, (), parse)
    assert parse.n_calls == 2
    cache.parsed("local", SOURCE, ("knows",), parse)
    assert parse.n_calls == 3
    cache.parsed("local", SOURCE[:16] + "c" * 48, (), parse)  # same folder, another source
    assert parse.n_calls == 4


@pytest.mark.parametrize("file", [cache.ENTITIES, cache.TRIPLES, cache.CHECKSUM])
@pytest.mark.parametrize("damage", ["cut", "gone", "altered", "emptied"])
def test_a_damaged_cache_is_mended_and_told(
    own_home: Path, caplog: pytest.LogCaptureFixture, file: str, damage: str
) -> None:
    parse = Parser()
    whole = cache.parsed("local", SOURCE, (), parse)
    victim = kept_folder(own_home) / file
    content = victim.read_bytes()
    middle = len(content) // 2
    changed = bytes([content[-2] ^ 1])
    victim.unlink()
    if damage != "gone":
        victim.write_bytes(
            {
                "cut": content[:middle],
                "altered": content[:-2] + changed + content[-1:],
                "emptied": b"",
            }[damage]
        )
    with caplog.at_level(logging.WARNING):
        mended = cache.parsed("local", SOURCE, (), parse)
    assert "unusable" in caplog.text
    assert parse.n_calls == 2
    assert_same(mended, whole)
    caplog.clear()
    assert_same(cache.parsed("local", SOURCE, (), parse), whole)
    assert parse.n_calls == 2
    assert not caplog.text
    assert sorted(f.name for f in kept_folder(own_home).iterdir()) == sorted(
        [cache.ENTITIES, cache.TRIPLES, cache.CHECKSUM]
    )


def test_another_format_is_not_read(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Parser()
    cache.parsed("local", SOURCE, (), parse)
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    cache.parsed("local", SOURCE, (), parse)
    assert parse.n_calls == 2


def test_a_home_that_cannot_be_written_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    with caplog.at_level(logging.WARNING):
        tables = cache.parsed("local", SOURCE, (), Parser())
    assert len(tables.triples) == 4
    assert "not cached" in caplog.text


def test_a_write_that_fails_leaves_nothing_behind(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full_disk)
    cache.parsed("local", SOURCE, (), Parser())
    assert list((own_home / "cache" / "graphs").iterdir()) == []


def test_only_large_graphs_are_cached(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_graph(str(SAMPLE))
    assert not own_home.exists()
    monkeypatch.setattr(cache, "WORTH_CACHING_BYTES", 1)
    plain = load_graph(str(SAMPLE))
    again = load_graph(str(SAMPLE))
    assert own_home.exists()
    assert again.descriptions == plain.descriptions
    assert again.relations == plain.relations
