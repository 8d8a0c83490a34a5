"""Fetching a graph: checksums published and recorded, files that are here, files set aside."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from llador_core import jobs, paths
from llador_core.__main__ import main
from llador_core.data import fetch as module
from llador_core.data import specs
from llador_core.data.download import DownloadError, Patience
from llador_core.data.fetch import fetch, size_words
from llador_core.data.specs import GRAPHS, Download
from llador_core.errors import MissingDataError, UnknownNameError
from tests.core.data.misbehaving import Server, serving

QUICK = Patience(tries=3, first_pause_s=0.01, connect_s=2.0, silence_s=1.0)
SAMPLE = Path(__file__).parents[2] / "data" / "hetionet" / "hetionet-v1.0-nodes.tsv"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server that has the file of a graph "drkg" whose checksum nobody publishes."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LLADOR_RAW", raising=False)
    with serving() as found:
        published(monkeypatch, found)
        yield found


def published(monkeypatch: pytest.MonkeyPatch, server: Server, sha256: str | None = None) -> None:
    """Say that DRKG's archive lies on the server, with this checksum."""
    file = Download("drkg.tar.gz", server.url, len(server.content), sha256)
    graphs = dict(GRAPHS) | {"drkg": replace(GRAPHS["drkg"], downloads=(file,))}
    for place in (specs, module):
        monkeypatch.setattr(place, "GRAPHS", graphs)


def archive() -> Path:
    return paths.home() / "raw" / "drkg" / "drkg.tar.gz"


def test_the_first_download_is_recorded_and_later_ones_compared(server: Server) -> None:
    [first] = fetch("drkg", patience=QUICK)
    assert (first.is_new, first.check, first.path) == (True, "new", archive())
    recorded = (archive().parent / "drkg.tar.gz.sha256").read_text()
    assert recorded.startswith(hashlib.sha256(server.content).hexdigest())
    assert server.url in recorded
    assert sorted(f.name for f in archive().parent.iterdir()) == [
        "drkg.tar.gz",
        "drkg.tar.gz.sha256",
    ]
    [again] = fetch("drkg", patience=QUICK)
    assert (again.is_new, again.check) == (False, "recorded")
    assert len(server.asked) == 1
    server.content, server.etag = server.content[::-1], '"two"'
    with pytest.raises(DownloadError, match="is not that of the first download"):
        fetch("drkg", again=True, patience=QUICK)
    assert hashlib.sha256(archive().read_bytes()).hexdigest() == first.sha256  # the old one stays
    assert (archive().parent / "drkg.tar.gz.wrong-checksum").read_bytes() == server.content


def test_a_wrong_checksum_is_set_aside_and_never_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(monkeypatch, server, sha256="0" * 64)
    with pytest.raises(DownloadError, match=r"not the published one \(0000.*it is not used"):
        fetch("drkg", patience=QUICK)
    assert not archive().exists()
    assert not archive().with_name("drkg.tar.gz.part").exists()
    published(monkeypatch, server, hashlib.sha256(server.content).hexdigest())
    [found] = fetch("drkg", patience=QUICK)
    assert (found.is_new, found.check) == (True, "published")


def test_a_file_of_the_users_own_is_used_as_it_is(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "raw" / "drkg").mkdir(parents=True)
    (tmp_path / "raw" / "drkg" / "drkg.tar.gz").write_bytes(b"mine")
    monkeypatch.setenv("LLADOR_RAW", str(tmp_path / "raw"))
    published(monkeypatch, server, sha256="0" * 64)
    [found] = fetch("drkg", again=True, patience=QUICK)
    assert (found.is_new, found.check) == (False, "other")
    assert not server.asked


def test_progress_rises_and_leaves_the_end_to_the_reading(server: Server) -> None:
    told: list[tuple[float, str]] = []
    fetch("drkg", lambda share, words: told.append((share, words)), patience=QUICK)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(0.99)
    assert "Downloading drkg.tar.gz" in told[0][1]


def test_what_cannot_be_fetched_is_told(server: Server) -> None:
    with pytest.raises(MissingDataError, match="ships with the app"):
        fetch("starter")
    with pytest.raises(UnknownNameError, match="hetionet"):
        fetch("hetionett")


def test_sizes_are_told_and_marked_where_nobody_publishes_them() -> None:
    assert size_words(GRAPHS["hetionet"]) == "15 MB"
    assert size_words(GRAPHS["primekg"]) == "about 940 MB"


def test_what_is_published_is_what_the_sample_of_real_files_says(raw_data: Path) -> None:
    nodes = GRAPHS["hetionet"].downloads[0]
    real = raw_data / "hetionet" / nodes.name
    if not real.is_file():
        pytest.skip(f"{real} is not here")
    assert real.stat().st_size == nodes.size_bytes
    assert paths.checksum(real) == nodes.sha256


@pytest.mark.parametrize("name", [name for name, spec in GRAPHS.items() if spec.downloads])
def test_every_file_of_a_graph_can_be_fetched(name: str) -> None:
    spec = GRAPHS[name]
    assert [file.name for file in spec.downloads] == list(spec.files)
    assert all(file.url.startswith("https://") for file in spec.downloads)


def test_the_command_fetches_reads_and_reports_as_a_job(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["fetch"])
    server.content = b"no archive"
    published(monkeypatch, server)
    assert main(["fetch", "drkg"]) == 2  # it comes, but is no archive
    assert "damaged" in capsys.readouterr().err
    assert "damaged" in jobs.follow("fetch-drkg").problem
    assert main(["fetch", "nope", "--json"]) == 2
    assert "There is no graph named 'nope'" in capsys.readouterr().err


def test_a_cancelled_fetch_keeps_what_came(server: Server, tmp_path: Path) -> None:
    server.pace_bytes_s = 200_000
    script = (
        "from dataclasses import replace\n"
        "from llador_core.data import specs, fetch\n"
        f"file = specs.Download('drkg.tar.gz', {server.url!r}, {len(server.content)})\n"
        "graphs = dict(specs.GRAPHS) | "
        "{'drkg': replace(specs.GRAPHS['drkg'], downloads=(file,))}\n"
        "specs.GRAPHS = fetch.GRAPHS = graphs\n"
        "from llador_core.__main__ import main; main(['fetch', 'drkg'])\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], cwd=paths.REPOSITORY)
    part = archive().with_name("drkg.tar.gz.part")
    until = time.monotonic() + 20
    while not (part.is_file() and part.stat().st_size) and time.monotonic() < until:
        time.sleep(0.05)
    assert jobs.follow("fetch-drkg").state == "running"
    jobs.cancel("fetch-drkg")
    child.wait(10)
    assert jobs.follow("fetch-drkg").state == "stopped"
    had = part.stat().st_size
    assert 0 < had < len(server.content)
    assert json.loads(part.with_name(part.name + ".json").read_text())["url"] == server.url
    server.pace_bytes_s = 0
    server.asked.clear()
    fetch("drkg", patience=QUICK)
    assert server.asked[0]["Range"] == f"bytes={had}-"
    assert archive().read_bytes() == server.content
