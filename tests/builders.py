"""Small graphs made in place, for tests that need one they can read or one of a hundred."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from llador_core import paths
from llador_core.data import roles
from llador_core.graph import Graph, Relation

TYPES = ("Compound", "Disease", "Gene")


def graph_of(
    triples: list[tuple[str, str, str]], types: dict[str, str], *, name: str = "tiny"
) -> Graph:
    """Return a graph of labeled triples; entities are numbered as in `types`."""
    ids = list(types)
    type_names = tuple(sorted(set(types.values())))
    relations = list(dict.fromkeys(r for _, r, _ in triples))
    mapped = [(ids.index(h), relations.index(r), ids.index(t)) for h, r, t in triples]
    return Graph(
        name=name,
        entity_ids=ids,
        entity_names=[entity.replace("_", " ") for entity in ids],
        synonyms=[()] * len(ids),
        type_names=type_names,
        entity_types=np.array([type_names.index(t) for t in types.values()], np.int16),
        relations=tuple(roles.infer(r) for r in relations),
        triples=np.array(mapped, np.int32).reshape(-1, 3),
        checksum="0" * 64,
    )


def named_graph(*entities: tuple[str, str, tuple[str, ...]]) -> Graph:
    """Return a graph of entities of a name, a type and synonyms; the first treats the second."""
    kinds = tuple(sorted({kind for _, kind, _ in entities}))
    return Graph(
        name="words",
        entity_ids=[f"E{i}" for i in range(len(entities))],
        entity_names=[name for name, _, _ in entities],
        synonyms=[synonyms for _, _, synonyms in entities],
        type_names=kinds,
        entity_types=np.array([kinds.index(kind) for _, kind, _ in entities]),
        relations=(Relation("treats", "treats"),),
        triples=np.array([[0, 0, 1]], np.int32),
        checksum="",
    )


def random_graph(
    seed: int, n_drugs: int = 12, n_diseases: int = 15, n_genes: int = 8, n_avoided: int = 0
) -> Graph:
    """Return a graph with many relations between the same drugs and diseases, in both directions.

    Two relations have the role `treats`, and a few treatments start from a gene or end at one, as
    real graphs have them.
    """
    draw = np.random.default_rng(seed)
    drugs = [f"drug_{i}" for i in range(n_drugs)]
    diseases = [f"disease_{i}" for i in range(n_diseases)]
    genes = [f"gene_{i}" for i in range(n_genes)]
    plan = [
        (drugs, "treats", diseases, 60),
        (drugs, "indication", diseases, 15),
        (drugs, "palliates", diseases, 20),
        (diseases, "mentioned_with", drugs, 20),
        (genes, "treats", diseases, 3),
        (drugs, "treats", genes, 3),
        (drugs, "binds", genes, 25),
        (diseases, "associates", genes, 25),
        (drugs, "contraindicated_in", diseases, n_avoided),
    ]
    triples = [
        (str(draw.choice(heads)), relation, str(draw.choice(tails)))
        for heads, relation, tails, n in plan
        for _ in range(n)
    ]
    kinds = [*((d, TYPES[0]) for d in drugs), *((d, TYPES[1]) for d in diseases)]
    kinds += [(g, TYPES[2]) for g in genes]
    draw.shuffle(kinds)
    return graph_of(list(dict.fromkeys(triples)), dict(kinds), name=f"random-{seed}")


def renumbered(graph: Graph, order: np.ndarray) -> Graph:
    """Return the same graph with entity `order[i]` as number i."""
    place = np.argsort(order).astype(np.int32)
    triples = graph.triples.copy()
    triples[:, 0] = place[triples[:, 0]]
    triples[:, 2] = place[triples[:, 2]]
    return replace(
        graph,
        entity_ids=[graph.entity_ids[i] for i in order],
        entity_names=[graph.entity_names[i] for i in order],
        synonyms=[graph.synonyms[i] for i in order],
        entity_types=graph.entity_types[order],
        triples=triples,
    )


def write_run_config(folder: Path, graph: str) -> None:
    """Write the settings of an unfinished run of a graph: those of a run that ships."""
    shipped = next((paths.assets() / "runs").glob("starter-distmult-none-*")) / "config.json"
    told = json.loads(shipped.read_text("utf-8")) | {"graph": graph}
    (folder / "config.json").write_text(json.dumps(told), "utf-8")
