"""Maps: seeded, shared by both runs, kept under what they were made from, whole or not there."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest

from llador_core import paths
from llador_core.config import from_dict
from llador_core.errors import ConfigError, DataFormatError, MissingDataError, StorageError
from llador_core.projection import layout, maps
from llador_core.projection.geometry import compare
from llador_core.projection.layout import PCA, MapConfig, lay_out, principal_components
from llador_core.projection.maps import Pair
from llador_core.training import runs

PAIR = Pair("run", "base", "1" * 64, "2" * 64)


@pytest.fixture
def clouds() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    run = draw.normal(size=(80, 6)) * np.arange(1, 7)
    return run + draw.normal(size=run.shape), run


def silent(share: float, words: str) -> None:
    """Take a report and do nothing with it."""


def made(clouds: tuple[np.ndarray, np.ndarray], folder: Path, pair: Pair = PAIR) -> Path:
    return maps.make(*clouds, pair, PCA, folder, silent)


def test_the_first_components_are_the_widest(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    _, run = clouds
    found, shares = principal_components(run, 2)
    _, values, axes = np.linalg.svd(run - run.mean(axis=0))
    np.testing.assert_allclose(np.abs(found), np.abs((run - run.mean(axis=0)) @ axes[:2].T))
    np.testing.assert_allclose(shares, values[:2] ** 2 / (values**2).sum())


def test_both_runs_share_one_picture(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    both = compare(*clouds)
    base, run, explained = lay_out(both, PCA)
    assert base.shape == run.shape == (80, 2)
    assert np.abs(np.vstack([base, run])).max() == pytest.approx(1)
    assert 0 < explained < 1
    same_base, same_run, _ = lay_out(compare(clouds[1], clouds[1]), PCA)
    np.testing.assert_allclose(same_base, same_run, atol=1e-6)


def test_pca_renumbers_and_repeats(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    order = np.random.default_rng(1).permutation(80)
    first, again = (lay_out(compare(*clouds), PCA) for _ in range(2))
    other = lay_out(compare(*(cloud[order] for cloud in clouds)), PCA)
    np.testing.assert_array_equal(first[1], again[1])
    np.testing.assert_allclose(other[1], first[1][order], atol=1e-5)


def test_umap_is_seeded_and_every_setting_matters(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    both = compare(*clouds)
    shares: list[float] = []
    config = MapConfig(neighbours=8)
    first = lay_out(both, config, shares.append)[1]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    np.testing.assert_array_equal(lay_out(both, config)[1], first)
    for change in ({"seed": 1}, {"neighbours": 20}, {"min_dist": 0.6}):
        other = lay_out(both, dataclasses.replace(config, **change))[1]
        assert not np.allclose(other, first)


def test_without_umap_the_way_out_is_named(
    clouds: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "find_spec", lambda _: None)
    assert not layout.has_umap()
    with pytest.raises(MissingDataError, match="take the PCA map"):
        lay_out(compare(*clouds), MapConfig())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "tsne"}, "'tsne' is not a method. Choose 'umap' or 'pca'"),
        ({"neighbours": 1}, "neighbours must be from 2 to 200, found 1"),
        ({"min_dist": 1.5}, "min_dist must be from 0 to 0.99, found 1.5"),
        ({"seed": -1}, "seed must be from 0"),
    ],
)
def test_settings_out_of_range_are_told(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_dict(MapConfig, values)


def test_a_name_changes_with_all_it_is_made_from() -> None:
    pairs = [PAIR, *(dataclasses.replace(PAIR, **{f: "3" * 64}) for f in vars(PAIR))]
    configs = [MapConfig(), PCA, MapConfig(seed=1), MapConfig(neighbours=9), MapConfig(min_dist=0)]
    found = {maps.name_of(pair, config) for pair in pairs for config in configs}
    assert len(found) == len(pairs) * len(configs)
    assert maps.name_of(PAIR, MapConfig("pca", 9, 0.5, 3)) == maps.name_of(PAIR, PCA)


def test_a_name_is_no_path() -> None:
    name = maps.name_of(Pair("../../etc/x" * 40, "a b|c", "1", "2"), PCA)
    assert "/" not in name
    assert len(name) < 200


def test_saved_and_read_again(
    clouds: tuple[np.ndarray, np.ndarray], home: Path, tmp_path: Path
) -> None:
    assert maps.find(PAIR, PCA) is None
    path = made(clouds, home / "projections")
    assert maps.find(PAIR, PCA) == path
    found, both = maps.load(path), compare(*clouds)
    base, run, explained = lay_out(both, PCA)
    np.testing.assert_array_equal(found.base_xy, base)
    np.testing.assert_array_equal(found.run_xy, run)
    np.testing.assert_array_equal(found.shift, both.shift)
    np.testing.assert_array_equal(found.kept, both.kept)
    assert found.explained == explained
    assert found.turnover[0] == pytest.approx(1 - found.kept[0] / (20 - int(found.kept[0])))
    retrained = dataclasses.replace(PAIR, run_checksum="9" * 64)
    assert maps.find(retrained, PCA) is None
    path.unlink()


def test_umap_leaves_the_pca_map_first_and_measures_once(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float, str]] = []
    seen: list[int] = []

    def laid_out(both: object, config: MapConfig, report: object = None) -> object:
        seen.append(len(list(tmp_path.glob("*.safetensors"))))
        return lay_out(both, PCA)  # type: ignore[arg-type]

    monkeypatch.setattr(maps, "lay_out", laid_out)
    config = MapConfig()
    path = maps.make(*clouds, PAIR, config, tmp_path, lambda *all_: told.append(all_))
    assert "umap" in path.name
    assert seen == [0, 1]
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    n_before = len(told)
    maps.make(*clouds, PAIR, MapConfig(seed=5), tmp_path, lambda *all_: told.append(all_))
    words = [words for _, words in told[n_before:]]
    assert "Comparing nearest neighbours" not in words
    assert len(list(tmp_path.glob("*.safetensors"))) == 3


def test_a_damaged_map_is_told_and_made_again(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    path = made(clouds, tmp_path)
    whole = path.read_bytes()
    for part in (whole[: len(whole) // 2], b"", b"x" * 100):
        path.write_bytes(part)
        with pytest.raises(DataFormatError, match="is damaged"):
            maps.load(path)
        assert made(clouds, tmp_path) == path
        assert len(maps.load(path).shift) == 80


def test_arrays_that_do_not_belong_together_are_told(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    found = maps.load(made(clouds, tmp_path))
    for wrong in ({"kept": found.kept[:9]}, {"run_xy": found.run_xy * np.nan}):
        path = maps.save(dataclasses.replace(found, **wrong), PAIR, PCA, tmp_path / "x")
        with pytest.raises(DataFormatError, match="do not belong together"):
            maps.load(path)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        made(clouds, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_killed_processes_left_goes_after_an_hour(
    clouds: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    old, young = tmp_path / ".old.tmp", tmp_path / ".young.tmp"
    for file in (old, young):
        file.write_text("half")
    os.utime(old, (time.time() - 4000,) * 2)
    made(clouds, tmp_path)
    assert not old.exists()
    assert young.exists()


def test_every_shipped_run_with_a_prior_has_its_maps() -> None:
    """Fails after `make pretrained` until `make projections` has been run, as it should."""
    shipped = [run for run in runs.list_runs("starter") if run.is_pretrained]
    wanted = set()
    for run in shipped:
        base = runs.partner(run) if run.prior != "none" else None
        if base is None:
            continue
        pair = Pair(run.name, base.name, *(runs.content_checksum(one) for one in (run, base)))
        for config in (MapConfig(), PCA):
            path = maps.find(pair, config)
            assert path is not None, f"run `make projections`: {run.name} has no map"
            assert len(maps.load(path).shift) == 4203
            wanted.add(path.name)
    folder = paths.assets() / "projections"
    assert {path.name for path in folder.iterdir()} == wanted
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2 << 20


def test_a_map_says_what_it_was_made_from() -> None:
    from safetensors import safe_open

    path = next((paths.assets() / "projections").iterdir())
    with safe_open(path, framework="np") as file:
        record = json.loads(file.metadata()["llador"])
    assert path.name.startswith(record["pair"]["run"])
    assert set(record) >= {"format", "pair", "settings", "created", "explained", "n_nearest"}
