"""How well held-out treatments of real graphs are found again, with and without texts.

    LLADOR_RAW=... python benchmarks/quality_real.py [GRAPH ...] [--seeds N] [--only WORDS]

Hetionet with 10% of its treated pairs held out, and the DRKG-format graph's compounds, diseases,
genes and pathways (`drkg-part`; `drkg` is all of it) with 20%; 5% are for validation. Splits are by
pair over all relations. DistMult with the default recipe, by its score alone and weighed with
similar pairs, which is the order of the lists. Texts are names and curated descriptions of drugs
and diseases (the first 300 characters), read by MiniLM; controls are names alone, texts dealt to
other entities, popularity and chance. Goes on where it was cut short; prints a table and writes
benchmarks/results/quality_real.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when NumPy and torch are imported

import numpy as np  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder
RESULT = REPOSITORY / "benchmarks" / "results" / "quality_real.json"
TEST_SHARE = {"hetionet": 0.1, "drkg-part": 0.2, "drkg": 0.2}
VALID_SHARE = 0.05
PART = ("Compound", "Disease", "Gene", "Pathway")
PRIORS = {
    "none": "no text",
    "mechanism": "names and descriptions",
    "name": "names alone",
    "shuffled": "texts of others (control)",
}
BARS: dict[str, dict[str, dict[str, float]]] = {
    "hetionet": {
        "none": {"AUC": 0.90, "drug Hits@50": 0.35},
        "mechanism": {"AUC": 0.94, "drug Hits@50": 0.50},
    },
    "drkg-part": {
        "none": {"sampled-50 MRR": 0.60},
        "mechanism": {"sampled-50 MRR": 0.70, "drug Hits@50": 0.35},
    },
}
FIRST_CHARACTERS = 300
MOST_UNKNOWN = 2_000_000


def load(name: str) -> Any:
    """Return a graph, or the part of the DRKG-format graph that prototypes used."""
    from llador_core.data import load_graph

    graph = load_graph(name.removesuffix("-part"))
    return part_of(graph) if name.endswith("-part") else graph


def part_of(graph: Any) -> Any:
    """Return the entities of some types and the triples between them."""
    kept = np.isin(graph.entity_types, [graph.type_names.index(t) for t in PART])
    triples = graph.triples[kept[graph.triples[:, 0]] & kept[graph.triples[:, 2]]].copy()
    place = np.cumsum(kept) - 1
    triples[:, [0, 2]] = place[triples[:, [0, 2]]]
    members = np.flatnonzero(kept).tolist()
    return dataclasses.replace(
        graph,
        name=f"{graph.name}-part",
        entity_ids=[graph.entity_ids[i] for i in members],
        entity_names=[graph.entity_names[i] for i in members],
        synonyms=[graph.synonyms[i] for i in members],
        entity_types=graph.entity_types[kept],
        triples=triples,
        descriptions=[graph.descriptions[i] for i in members],
        texts_folder=None,
    )


def text_vectors(graph: Any) -> Any:
    """Return vectors of names and curated descriptions of drugs and diseases, kept once made."""
    from llador_core.data import load_graph
    from llador_core.paths import home
    from llador_core.priors.embedders import DEFAULT_EMBEDDER, embed
    from llador_core.priors.vectors import FIELDS, FieldVectors

    described = load_graph("drkg")
    told = dict(zip(described.entity_ids, described.descriptions, strict=True))
    members = np.concatenate([graph.drugs, graph.diseases])
    path = home() / "benchmarks" / "quality_real" / f"vectors-{graph.name}.npz"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        ids = [graph.entity_ids[i] for i in members]
        names = [graph.entity_names[i] for i in members]
        names = ["" if name == entity else name for name, entity in zip(names, ids, strict=True)]
        texts = [told.get(entity, "")[:FIRST_CHARACTERS] for entity in ids]
        kept = {"name": embed(names), "background": embed(texts)}
        np.savez(path, **{name: rows.astype(np.float16) for name, rows in kept.items()})
    stored = np.load(path)
    width = stored["name"].shape[1]
    vectors = {field: np.zeros((graph.n_entities, width), np.float32) for field in FIELDS}
    for field in stored.files:
        vectors[field][members] = stored[field]  # type: ignore[index]
    has = {field: rows.any(axis=1) for field, rows in vectors.items()}
    return FieldVectors(vectors, has, DEFAULT_EMBEDDER, graph.checksum)


def judge(graph: Any, split: Any, scores: Any) -> dict[str, float]:
    """Return what a table of scores makes of the held-out pairs.

    AUC is the chance that a held-out pair scores above one that nobody knows of.
    """
    from llador_core.evaluation.pairs import known_pairs
    from llador_core.evaluation.protocols import evaluate
    from llador_core.safeguard.evidence import answers_of

    scores = np.asarray(scores, np.float32)
    unknown = scores[~known_pairs(graph, split)]
    if len(unknown) > MOST_UNKNOWN:
        unknown = np.random.default_rng(0).choice(unknown, MOST_UNKNOWN, replace=False)
    unknown.sort()
    held_out = scores[answers_of(graph, split.test, "treats") > 0]
    below = [np.searchsorted(unknown, held_out, side) for side in ("left", "right")]
    found = {"AUC": float(np.mean(below) / len(unknown))}
    for protocol, short, wanted in (
        ("sampled-50", "sampled-50", ("MRR", "Hits@10")),
        ("drug-ranking", "drug", ("MRR", "Hits@10", "Hits@50")),
    ):
        metrics = evaluate(graph, split, scores, protocol).metrics
        found |= {f"{short} {name}": metrics[name].value for name in wanted}
    return {name: round(value, 4) for name, value in found.items()}


def train_row(graph: Any, split: Any, prior: str, seed: int) -> dict[str, Any]:
    """Return how well a run does, by its score alone and as its lists are ordered."""
    from llador_core.priors.anchors import make_anchors
    from llador_core.safeguard.features import Reading, read
    from llador_core.safeguard.similar import fit_similar
    from llador_core.training.config import make_config
    from llador_core.training.loop import Trainer

    config = make_config(graph, "distmult", prior, seed=seed, split_seed=seed)
    vectors = None if prior == "none" else text_vectors(graph)
    anchors, reading = None, Reading({}, {})
    if vectors is not None:
        anchors = make_anchors(vectors, prior, config.dim, config.reduce, seed)
        reading = read(graph, prior, vectors, None, seed)
    started = time.process_time()
    trainer = Trainer(graph, split, config, anchors)
    with tempfile.TemporaryDirectory(prefix="quality_real.") as folder:
        trainer.train(Path(folder), checkpoint_every=10**9)
    scores = trainer.model.to_scorer().treatment_scores(graph)
    trained = time.process_time() - started
    similar = fit_similar(graph, split, scores, reading)
    both = time.process_time() - started
    row = {"score alone": judge(graph, split, scores), "cpu_s": round(trained, 1)}
    if similar is not None:
        row["with similar pairs"] = judge(graph, split, similar.combined(scores))
        row |= {"cpu_s of both": round(both, 1), "weights": similar.settings["weights"]}
    return row | {"steps": trainer.progress.step, "best_step": trainer.progress.best_step}


def baseline_rows(graph: Any, split: Any, seed: int) -> dict[str, Any]:
    from llador_core.evaluation.controls import popularity_scores, random_scores

    return {
        "popularity": judge(graph, split, popularity_scores(graph, split)),
        "random": judge(graph, split, random_scores(graph, seed)),
    }


def missing(name: str, rows: dict[str, Any], n_seeds: int, only: str) -> Iterator[tuple[str, int]]:
    """Yield what is still to be measured: the baselines, then each prior, seed by seed."""
    for seed in range(n_seeds):
        for prior in ("baselines", *PRIORS):
            if f"{name}, {prior}, {seed}" not in rows and only in ("", prior):
                yield prior, seed


def table(rows: dict[str, Any], graphs: list[str]) -> list[str]:
    """Return the lines of the table: means over the splits, and what should be reached."""
    lines = [f"{'':62}{'AUC':>7}{'s50 MRR':>9}{'drug MRR':>10}{'drug H@50':>11}{'splits':>8}"]
    for name in graphs:
        for prior, words in {"baselines": "", **PRIORS}.items():
            found = [row for key, row in rows.items() if key.startswith(f"{name}, {prior}, ")]
            orders = ("popularity", "random") if prior == "baselines" else _ORDERS
            for order in orders if found else ():
                values = {
                    metric: float(np.mean([row[order][metric] for row in found]))
                    for metric in ("AUC", "sampled-50 MRR", "drug MRR", "drug Hits@50")
                }
                numbers = "".join(
                    f"{v:{w}.3f}" for v, w in zip(values.values(), (7, 9, 10, 11), strict=True)
                )
                bars = BARS.get(name, {}).get(prior, {}) if order == _ORDERS[1] else {}
                told = [
                    f"{metric} {'>=' if values[metric] >= bar else 'MISSES'} {bar}"
                    for metric, bar in bars.items()
                ]
                label = f"{name}: {words or 'baseline'}, {order}"
                lines.append(f"{label:62}{numbers}{len(found):8}  {'; '.join(told)}")
    return lines


def stored() -> dict[str, Any]:
    """Return what was measured so far."""
    return json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {"rows": {}}


_ORDERS = ("score alone", "with similar pairs")


def main() -> int:
    from benchmarks.machine import commit, processor, today
    from llador_core.data.splits import split_by_pair

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("graphs", nargs="*", default=["hetionet", "drkg-part"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", choices=["", "baselines", *PRIORS])
    asked = parser.parse_args()
    rows = stored()["rows"]
    for name in asked.graphs:
        todo = list(missing(name, rows, asked.seeds, asked.only))
        graph = load(name) if todo else None
        for prior, seed in todo:
            split = split_by_pair(graph, seed, TEST_SHARE[name], VALID_SHARE)
            if prior == "baselines":
                row = baseline_rows(graph, split, seed)
            else:
                row = train_row(graph, split, prior, seed)
            result = stored()  # another process may have added to it
            result["rows"][f"{name}, {prior}, {seed}"] = row | {"commit": commit()}
            result |= {"date": today(), "processor": processor()}
            RESULT.write_text(json.dumps(result | {"bars": BARS}, indent=1) + "\n", "utf-8")
            rows = result["rows"]
            print(f"{name}, {prior}, {seed}: {row}", flush=True)
    print("\n".join(table(rows, asked.graphs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
