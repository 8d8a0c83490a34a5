"""What is exported and imported again ranks exactly as before."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llador_core.errors import ConfigError, UnknownNameError
from llador_core.graph import Graph
from llador_core.models.checkpoints import Checkpoint
from llador_core.models.interactions import INTERACTIONS
from llador_core.ranking import rank_candidates
from llador_core.training.exchange.export import WRITERS, export_run
from llador_core.training.exchange.install import install
from llador_core.training.exchange.reading import Request, read_checkpoint
from llador_core.training.runs import Run, load_run

Make = Callable[..., Checkpoint]

HELD = [
    (model, form)
    for form in WRITERS
    for model in INTERACTIONS
    if form != "dglke-npy" or model in ("transe", "distmult", "complex", "rotate")
]


def candidates(graph: Graph, run: Run) -> list[tuple[str, float, str]]:
    disease = int(graph.diseases[0])
    rows = rank_candidates(graph, run, disease=disease)
    return [(row.id, row.rank, row.status) for row in rows]


@pytest.mark.parametrize(("model", "form"), HELD)
def test_import_of_export_ranks_alike(
    small: Graph, make: Make, own_home: Path, tmp_path: Path, model: str, form: str
) -> None:
    run = load_run(install(small, make(model)).folder.name)
    export_run(run, tmp_path / "out", form)
    again = load_run(
        install(small, read_checkpoint(Request(tmp_path / "out", form)), name="again").folder.name
    )
    assert candidates(small, again) == candidates(small, run)
    assert again.config.model == model
    assert again.config.margin == run.config.margin
    close = 1e-5 if form == "dglke-npy" else 0
    np.testing.assert_allclose(
        again.scorer.treatment_scores(small), run.scorer.treatment_scores(small), rtol=close
    )


@pytest.mark.parametrize("model", ["transe", "rotate"])
def test_a_euclidean_distance_survives(
    small: Graph, make: Make, own_home: Path, tmp_path: Path, model: str
) -> None:
    norm = {"norm": np.asarray(2, np.float32)}
    run = load_run(install(small, make(model, constants=norm)).folder.name)
    plain = load_run(install(small, make(model), name="plain").folder.name)
    assert candidates(small, run) != candidates(small, plain)
    export_run(run, tmp_path / "out", "safetensors")
    asked = Request(tmp_path / "out", "safetensors")
    again = load_run(install(small, read_checkpoint(asked), name="again").folder.name)
    assert candidates(small, again) == candidates(small, run)


def test_dglke_names_the_norm_of_transe_and_refuses_the_other(
    small: Graph, make: Make, own_home: Path, tmp_path: Path
) -> None:
    norm = {"norm": np.asarray(2, np.float32)}
    run = load_run(install(small, make("transe", constants=norm)).folder.name)
    files = export_run(run, tmp_path / "transe", "dglke-npy")
    assert files[0].name == "small_TransE_l2_entity.npy"
    checkpoint = read_checkpoint(Request(tmp_path / "transe", "dglke-npy"))
    assert float(checkpoint.constants["norm"]) == 2
    rotate = load_run(install(small, make("rotate", constants=norm)).folder.name)
    with pytest.raises(ConfigError, match="L2 norm over its moduli"):
        export_run(rotate, tmp_path / "rotate", "dglke-npy")
    assert not (tmp_path / "rotate").exists()


@pytest.mark.parametrize("model", ["protate", "hake"])
def test_what_dglke_cannot_hold_is_refused_and_nothing_is_written(
    small: Graph, make: Make, own_home: Path, tmp_path: Path, model: str
) -> None:
    run = load_run(install(small, make(model)).folder.name)
    with pytest.raises(ConfigError, match="DGL-KE has no"):
        export_run(run, tmp_path / "out", "dglke-npy")
    assert not (tmp_path / "out").exists()


def test_an_export_never_overwrites(
    small: Graph, make: Make, own_home: Path, tmp_path: Path
) -> None:
    run = load_run(install(small, make()).folder.name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        export_run(run, tmp_path / "out", "safetensors")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]
    with pytest.raises(UnknownNameError, match="no format named 'pickle'"):
        export_run(run, tmp_path / "new", "pickle")


def test_the_tables_read_as_the_drkg_notebooks_do(
    small: Graph, make: Make, own_home: Path, tmp_path: Path
) -> None:
    run = load_run(install(small, make("rotate")).folder.name)
    export_run(run, tmp_path / "out", "dglke-npy")
    rows = (tmp_path / "out" / "entities.tsv").read_text().splitlines()
    assert rows[0] == f"{small.entity_ids[0]}\t0"
    assert len(rows) == small.n_entities
    relations = np.load(tmp_path / "out" / "small_RotatE_relation.npy")
    angles = relations / ((9.0 + 2) / relations.shape[1] / np.pi)  # as DGL-KE reads them
    np.testing.assert_allclose(angles, run.scorer.relations, rtol=1e-5)
