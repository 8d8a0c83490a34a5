"""The safeguard on the DRKG-format graph, which has no contraindications of its own.

    LLADOR_RAW=... python benchmarks/incompatibility_drkg.py

The graph is cut to the drugs with a description and the diseases with a few treatments or a
curated contraindication. (i) Without contraindications: a plain model and one with curated
descriptions as prior, judged on the contraindications of PrimeKG. (ii) With the contraindications
of half of the drugs in training, judged on those of the other half. One split; writes
benchmarks/results/incompatibility_drkg.json. Needs the files of the graph and
gold/primekg_drug_disease.tsv in LLADOR_RAW, and the text vectors that `embed --graph drkg` makes.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read when NumPy and torch are imported

import numpy as np  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder
RESULT = REPOSITORY / "benchmarks" / "results" / "incompatibility_drkg.json"
GOLD = "gold/primekg_drug_disease.tsv"
SEED = 0
MIN_TREATMENTS = 3
STEPS = 1_000  # half of the recipe's
TEST_SHARE, VALID_SHARE = 0.1, 0.02
KEPT_TYPES = ("Compound", "Disease", "Gene", "Pathway", "Pharmacologic Class", "Side Effect")


def contraindications() -> list[tuple[str, str]]:
    """Return the curated contraindicated pairs as ids."""
    from llador_core.paths import raw_folders

    path = next(f / GOLD for f in raw_folders() if (f / GOLD).is_file())
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [(r["drug"], r["disease"]) for r in rows if r["relation"] == "contraindication"]


def cut(graph: Any, avoided: list[tuple[str, str]]) -> tuple[Any, list[int]]:
    """Return the part that is judged, contraindications a relation of it, and whom it keeps."""
    from llador_core.data.roles import relation

    treats = graph.triples_with_role("treats")
    n_treated = np.bincount(treats[:, 2], minlength=graph.n_entities)
    pairs = [(a, b) for a, b in avoided if graph.has(a) and graph.has(b)]
    rows = np.array([[graph.mapped(a), 0, graph.mapped(b)] for a, b in pairs], np.int32)
    described = np.array([bool(text) for text in graph.descriptions])
    kept = np.isin(graph.entity_types, [graph.type_names.index(t) for t in KEPT_TYPES])
    is_drug, is_disease = (
        np.isin(np.arange(graph.n_entities), e) for e in (graph.drugs, graph.diseases)
    )
    answered = np.isin(np.arange(graph.n_entities), np.concatenate([treats[:, 0], rows[:, 0]]))
    kept &= ~is_drug | (described & answered)
    avoids = np.isin(np.arange(graph.n_entities), rows[:, 2])
    kept &= ~is_disease | (n_treated >= MIN_TREATMENTS) | avoids
    rows[:, 1] = graph.n_relations
    triples = np.concatenate([graph.triples, rows])
    triples = triples[kept[triples[:, 0]] & kept[triples[:, 2]]].copy()
    place = np.cumsum(kept) - 1
    triples[:, [0, 2]] = place[triples[:, [0, 2]]]
    members = np.flatnonzero(kept).tolist()
    part = dataclasses.replace(
        graph,
        name="drkg-cut",
        entity_ids=[graph.entity_ids[i] for i in members],
        entity_names=[graph.entity_names[i] for i in members],
        synonyms=[graph.synonyms[i] for i in members],
        entity_types=graph.entity_types[kept],
        relations=(*graph.relations, relation("contraindicated_in", "contraindicated")),
        triples=np.unique(triples, axis=0),
        descriptions=[graph.descriptions[i] for i in members],
        texts_folder=None,
    )
    return part, members


def make_split(graph: Any, knows_half: bool) -> Any:
    """Return held-out treatments by pair, and contraindications by drug: half of them, or all."""
    from llador_core.data.splits import Split, check_no_leak
    from llador_core.graph import pair_keys

    draw = np.random.default_rng(SEED)
    keys = pair_keys(graph.triples[:, [0, 2]], graph.n_entities)

    def role(name: str) -> np.ndarray:
        h, r, t = graph.triples.T
        has = np.isin(r, graph.relations_with_role(name))
        return has & np.isin(h, graph.drugs) & np.isin(t, graph.diseases)

    treats, avoids = role("treats"), role("contraindicated")
    avoids &= ~np.isin(keys, keys[treats])
    pairs = draw.permutation(np.unique(keys[treats]))
    n_test, n_valid = round(TEST_SHARE * len(pairs)), round(VALID_SHARE * len(pairs))
    test = treats & np.isin(keys, pairs[:n_test])
    valid = treats & np.isin(keys, pairs[n_test : n_test + n_valid])
    drugs = draw.permutation(np.unique(graph.triples[avoids, 0]))
    judged = avoids & np.isin(graph.triples[:, 0], drugs[: len(drugs) // 2])
    hidden = judged if knows_half else role("contraindicated")
    held_out = np.isin(keys, keys[test | valid | judged]) | hidden
    held_out |= role("contraindicated") & np.isin(keys, keys[treats])  # both at once: no answer
    split = Split(
        kind="pair",  # the fold is by pair, as in the training that users do
        seed=SEED,
        train=graph.triples[~held_out],
        valid=graph.triples[valid],
        test=graph.triples[test],
        n_removed=int((held_out & ~test & ~valid & ~judged).sum()),
        held_out_diseases=np.empty(0, np.int64),
        caution_test=graph.triples[judged],
    )
    check_no_leak(graph, split)
    return split


def text_vectors(whole: Any, members: list[int]) -> Any:
    """Return the stored vectors of names and curated descriptions, of the entities kept."""
    from llador_core.priors.vectors import FieldVectors, load_vectors

    stored = load_vectors(whole)
    return FieldVectors(
        {field: rows[members] for field, rows in stored.vectors.items()},
        {field: has[members] for field, has in stored.has.items()},
        stored.embedder,
        stored.checksum,
    )


def texts_of(graph: Any) -> Any:
    """Return the curated descriptions in the place of an LLM's background."""
    from llador_core.priors.texts import Provenance, Texts

    nothing = [""] * graph.n_entities
    return Texts(list(graph.descriptions), nothing, nothing, Provenance())


def main() -> int:
    from llador_core.data import load_graph
    from llador_core.evaluation.incompatibility import incompatibility
    from llador_core.priors.anchors import make_anchors
    from llador_core.safeguard.features import Reading, embedding, read, text_and_evidence
    from llador_core.safeguard.fit import fit_heads, fit_safeguard, set_aside
    from llador_core.training.config import make_config
    from llador_core.training.guard import second_steps
    from llador_core.training.loop import Trainer

    whole = load_graph("drkg")
    graph, members = cut(whole, contraindications())
    print(
        f"{graph.n_triples:,} triples, {len(graph.drugs):,} drugs, {len(graph.diseases):,} diseases"
    )
    vectors, texts = text_vectors(whole, members), texts_of(graph)
    result: dict[str, Any] = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "graph": {
            "n_triples": graph.n_triples,
            "n_drugs": len(graph.drugs),
            "n_diseases": len(graph.diseases),
        },
        "settings": f"DistMult, {STEPS:,} steps",
        "split": f"one, seed {SEED}: treatments by pair, contraindications by drug",
        "rows": {},
    }

    def trained(split: Any, config: Any, anchors: Any) -> Any:
        started = time.process_time()
        trainer = Trainer(graph, split, config, anchors)
        with tempfile.TemporaryDirectory(prefix="incompatibility.") as folder:
            trainer.train(Path(folder), checkpoint_every=10**9)
        print(f"trained in {time.process_time() - started:.0f} s of CPU", flush=True)
        return trainer.model.to_scorer()

    def keep(name: str, split: Any, scores: Any, caution: Any = None) -> None:
        report = incompatibility(graph, split, scores, SEED, caution)
        result["rows"][name] = report
        print(name, {m: v["value"] for m, v in report["metrics"].items()}, flush=True)
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    for prior in ("mechanism", "none"):
        config = make_config(graph, "distmult", prior, seed=SEED, steps=STEPS)
        anchors = make_anchors(vectors, prior, config.dim, config.reduce, SEED)
        words = "curated descriptions" if prior == "mechanism" else "no text"
        for knows_half in (True, False):
            split = make_split(graph, knows_half)
            fold = set_aside(graph, split, SEED)
            told = "half of the contraindications known" if knows_half else "none known"
            outer = trained(split, config, anchors)
            keep(f"{words}, {told}: score alone", split, outer.treatment_scores(graph))
            inner = trained(fold.split, second_steps(config), anchors)
            reading = read(graph, prior, vectors, texts, SEED) if anchors else Reading({}, {})
            if knows_half:
                guard = fit_safeguard(graph, split, fold, inner, outer, reading)
                keep(f"{words}, {told}: safeguard", split, guard.combined, guard.caution)
                continue
            at_hand = text_and_evidence(graph, split.train, reading)
            seen = at_hand | embedding(graph, inner)
            head, _ = fit_heads(graph, split, fold, seen)
            treat = head.logits(at_hand | embedding(graph, outer))
            keep(f"{words}, {told}: treatment head alone", split, treat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
