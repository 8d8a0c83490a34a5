"""Studies: their rows, what is kept of them, and their tables."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from llador_core.__main__ import main
from llador_core.errors import ConfigError, DataFormatError, UnknownNameError
from llador_core.experiments import study as studies
from llador_core.experiments import table
from llador_core.experiments.cells import Cell, OrphanedError, cells_folder, load_cell, run_cell
from llador_core.experiments.inputs import vectors_for
from llador_core.experiments.specs import EXPERIMENTS, MODELS, Experiment, Setting, published
from llador_core.experiments.spoil import Noise
from llador_core.experiments.study import Results, Study, make_study
from llador_core.graph import Graph
from llador_core.priors.anchors import PRIORS
from llador_core.priors.answers import Definition
from llador_core.priors.sets import define, write_set
from llador_core.priors.texts import Provenance

QUICK = ("steps=2", "dim=16")


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    return tmp_path


def test_every_published_figure_a_row_names_is_there() -> None:
    named = [s for e in EXPERIMENTS.values() for s in e.settings if s.published]
    assert len(named) >= 25
    for setting in named:
        for model in MODELS:
            found = published(setting, model)
            assert found is not None and set(found) == {"MR", "MRR", "Hits@3", "Hits@10", "AUC"}
    main_table = EXPERIMENTS["main"].settings
    assert published(main_table[0], "rotate") == {
        "MR": 6.06,
        "MRR": 0.493,
        "Hits@3": 0.588,
        "Hits@10": 0.85,
        "AUC": 0.837,
    }
    assert published(main_table[0], "hake") is None


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if n not in ("prompts", "temperature")])
def test_every_row_can_be_configured_and_has_a_label_of_its_own(name: str, starter: Graph) -> None:
    cells = make_study(name, "starter", n_seeds=2).cells()
    assert all(cell.setting.prior in PRIORS for cell in cells)
    keys = {cell.key(starter) for cell in cells}
    assert len(keys) == len(cells)
    labels = [setting.label for setting in EXPERIMENTS[name].settings]
    assert len(set(labels)) == len(labels)


def test_rows_of_prompts_want_their_texts(own_home: Path, starter: Graph) -> None:
    asked = make_study("temperature", "starter", ["transe"], 1)
    found = studies.present(starter, asked)
    assert len(found.missing) == 2
    assert (
        "describe --graph starter --prompt original --temperature 0.1"
        in found.problems["temperature 0.1"]
    )
    made_of = Definition.of("original", "1", "some-model", {"temperature": 0.1})
    define(starter, "mine", made_of)
    row = {"background": "Slows something."}
    write_set(starter, "mine", {starter.entity_ids[0]: row}, Provenance("m", "p", "d"))
    found = studies.present(starter, asked)
    assert list(found.problems) == ["temperature 0.7"]
    cell = asked.cells()[0]
    assert cell.config(starter).texts == "mine"
    before = cell.key(starter)
    write_set(starter, "mine", {starter.entity_ids[1]: row}, Provenance("m", "p", "d"))
    assert cell.key(starter) != before


def test_masked_and_newly_embedded_texts_are_vectors_of_one_space_and_kept(
    own_home: Path, starter: Graph
) -> None:
    plain = vectors_for(starter, Setting("tfidf", "full", embedder="tfidf"))
    assert plain is not None and plain.embedder == "tfidf"
    widths = {rows.shape for rows in plain.vectors.values()}
    assert widths == {(starter.n_entities, plain.width)}
    masked = vectors_for(starter, Setting("masked", "full", embedder="tfidf", mask=0.4))
    assert masked is not None and masked.has["background"].all()
    changed = (masked.vectors["background"] != plain.vectors["background"]).any(axis=1)
    assert changed.mean() > 0.9
    [one, other] = (own_home / "experiments").glob("*/vectors/*.safetensors")
    before = {file: file.stat().st_mtime_ns for file in (one, other)}
    vectors_for(starter, Setting("again", "full", embedder="tfidf", mask=0.4))
    assert {file: file.stat().st_mtime_ns for file in (one, other)} == before


def test_the_same_training_is_kept_once_whatever_the_study(starter: Graph) -> None:
    main_cell = Cell(EXPERIMENTS["main"].settings[1], "rotate", "llador", 3)
    mask_cell = Cell(EXPERIMENTS["mask"].settings[0], "rotate", "llador", 3)
    assert main_cell.setting.label != mask_cell.setting.label
    assert main_cell.key(starter) == mask_cell.key(starter)
    noisy = replace(main_cell.setting, noise=Noise("add", 0.2))
    others = [
        replace(main_cell, setting=noisy),
        replace(main_cell, setting=replace(noisy, noise=Noise("add", 0.4))),
        replace(main_cell, setting=replace(main_cell.setting, mask=0.2)),
        replace(main_cell, setting=replace(main_cell.setting, embedder="x")),
        replace(main_cell, model="transe"),
        replace(main_cell, seed=4),
        replace(main_cell, recipe="paper"),
        replace(main_cell, extra=("steps=7",)),
    ]
    assert len({cell.key(starter) for cell in [main_cell, *others]}) == 1 + len(others)


def test_bad_questions_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="anchor-loss"):
        make_study("ancher", "starter")
    with pytest.raises(UnknownNameError, match="transe"):
        make_study("main", "starter", ["trans"])
    with pytest.raises(ConfigError, match="n_seeds must be from 1 to 100"):
        make_study("main", "starter", n_seeds=0)
    assert main(["experiment", "main", "--graph", "../x", "--show"]) == 2


def test_a_study_trains_what_is_missing_once_and_goes_on_after_damage(
    own_home: Path, starter: Graph
) -> None:
    rows = (Setting("base", "none"), Setting("noisy", "none", noise=Noise("delete", 0.5)))
    asked = Study(Experiment("two", "Two", "?", rows), "starter", ("distmult",), 1, extra=QUICK)
    told: list[float] = []
    found = studies.run(starter, asked, 1, lambda share, _: told.append(share))
    assert (len(found.records), found.missing, found.problems) == (2, (), {})
    assert told == sorted(told) and told[-1] == 1
    base, noisy = (found.records[cell] for cell in asked.cells())
    assert noisy["n_train"] == base["n_train"] - round(base["n_train"] / 2)
    assert base["metrics"]["sampled-50"]["MRR"] != noisy["metrics"]["sampled-50"]["MRR"]

    files = sorted(cells_folder(starter).iterdir())
    before = [file.stat().st_mtime_ns for file in files]
    assert studies.run(starter, asked, 1).records == found.records
    assert [file.stat().st_mtime_ns for file in files] == before

    files[0].write_text("{")
    shown = studies.present(starter, asked)
    assert len(shown.missing) == 1 and "Delete it" in next(iter(shown.problems.values()))
    files[0].unlink()
    assert studies.present(starter, asked).problems == {}


def test_a_cell_ends_with_its_study_and_keeps_nothing(own_home: Path, starter: Graph) -> None:
    cell = Cell(Setting("base", "none"), "distmult", "llador", 0, QUICK)
    with pytest.raises(OrphanedError):
        run_cell("starter", cell, parent=1)
    assert load_cell(starter, cell) is None
    path = cells_folder(starter) / f"{cell.key(starter)}.json"
    path.parent.mkdir(parents=True)
    path.write_text("[]")
    with pytest.raises(DataFormatError, match="holds no figures"):
        load_cell(starter, cell)


def record(cell: Cell, mrr: float) -> dict[str, object]:
    names = ("MR", "MRR", "Hits@1", "Hits@3", "Hits@10", "Hits@50", "AUC")
    metrics = dict.fromkeys(names, 0.5) | {"MRR": mrr}
    protocols = ("sampled-50", "drug-ranking")
    return {"metrics": dict.fromkeys(protocols, metrics), "seconds": 2.0, "cpu_seconds": 1.0}


def test_a_table_holds_mean_and_spread_and_the_published_figures(starter: Graph) -> None:
    asked = make_study("main", "starter", ["rotate"], 3)
    cells = [cell for cell in asked.cells() if cell.setting.prior == "none"]
    values = dict(zip(cells, (0.1, 0.2, 0.6), strict=True))
    results = Results({c: record(c, v) for c, v in values.items()}, (), {"full prior": "No texts."})
    base, full, *_ = table.rows_of(asked, results)
    figure = base.figures["sampled-50", "MRR"]
    assert figure.mean == pytest.approx(0.3)
    assert figure.sd == pytest.approx(math.sqrt((0.04 + 0.01 + 0.09) / 2))
    assert (base.n_seeds, full.n_seeds, full.problem) == (3, 0, "No texts.")
    words = table.markdown(asked, results)
    assert "| RotatE | no prior | 0.50 ± 0.00 (6.06) | 0.300 ± 0.265 (0.493) |" in words
    assert "| RotatE | full prior | - | - |" in words
    assert "another graph" in words and "full prior: No texts." in words
    document = json.loads(json.dumps(table.to_json(starter, asked, results)))
    assert document["rows"][0]["metrics"]["sampled-50"]["MRR"] == [0.3, 0.2646]
    assert document["rows"][0]["published"]["MRR"] == 0.493


def test_the_command_shows_what_is_there(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = own_home / "out.json"
    arguments = ["experiment", "mask", "--seeds", "1", "--models", "transe", "--show", "--json"]
    assert main([*arguments, "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(out.read_text())
    assert printed["n_missing"] == 4
    assert [row["n_seeds"] for row in printed["rows"]] == [0] * 4
