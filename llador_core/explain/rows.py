"""Explanations as flat rows, for CSV, JSON and tables."""

from __future__ import annotations

from typing import Any

from llador_core.explain import Explanation
from llador_core.explain.paths import Path
from llador_core.explain.steps import Step
from llador_core.graph import Graph

Row = dict[str, Any]


def path_rows(graph: Graph, explanation: Explanation) -> list[Row]:
    """Return a row for each path shown, best kind first.

    Columns: `kind` (of path, in words), `path` (on one line), `score`, `share`, `length`,
    `entities` (ids, separated by " | "), `sources`, `plausibility` (the lowest of its edges'
    percentiles; None without a run).
    """
    return [
        {
            "kind": group.title,
            "path": path_words(graph, path),
            "score": path.score,
            "share": path.share,
            "length": len(path.steps),
            "entities": " | ".join(graph.entity_ids[entity] for entity in path.entities),
            "sources": "; ".join(step.origin for step in path.steps),
            "plausibility": lowest_plausibility(path),
        }
        for group in explanation.groups
        for path in group.paths
    ]


def objection_rows(graph: Graph, explanation: Explanation) -> list[Row]:
    """Return a row for each objection, and one with the reason for each kind without any.

    Columns: `kind` (in words), `found`, `sentence`, `entities` (ids, separated by " | "),
    `sources`.
    """
    rows: list[Row] = []
    for group in explanation.against:
        for objection in group.objections:
            sources = dict.fromkeys(step.origin for step in objection.steps)
            ids = [graph.entity_ids[entity] for entity in objection.entities]
            row = {"kind": group.title, "found": True, "sentence": objection.sentence}
            rows.append({**row, "entities": " | ".join(ids), "sources": "; ".join(sources)})
        if group.nothing:
            row = {"kind": group.title, "found": False, "sentence": group.nothing}
            rows.append({**row, "entities": "", "sources": ""})
    return rows


def explanation_json(graph: Graph, explanation: Explanation) -> Row:
    """Return the whole explanation as one document of labeled entities and relations."""
    return {
        "drug": _labeled(graph, explanation.drug),
        "disease": _labeled(graph, explanation.disease),
        "n_paths": explanation.n_paths,
        "n_kinds": explanation.n_groups,
        "for": [
            {
                "kind": group.key,
                "title": group.title,
                "n_paths": group.n_paths,
                "score": group.score,
                "paths": [
                    {
                        "score": path.score,
                        "share": path.share,
                        "entities": [_labeled(graph, entity) for entity in path.entities],
                        "steps": [_step(graph, step) for step in path.steps],
                    }
                    for path in group.paths
                ],
            }
            for group in explanation.groups
        ],
        "against": [
            {
                "kind": group.kind,
                "title": group.title,
                "nothing": group.nothing,
                "objections": [
                    {
                        "sentence": objection.sentence,
                        "entities": [_labeled(graph, entity) for entity in objection.entities],
                        "steps": [_step(graph, step) for step in objection.steps],
                    }
                    for objection in group.objections
                ],
            }
            for group in explanation.against
        ],
        "notes": list(explanation.notes),
    }


def path_words(graph: Graph, path: Path) -> str:
    """Return a path on one line, not escaped: "Memantine -inhibits-> CHRNA7 ..."."""
    parts = [f"-{step.words}-> {graph.entity_names[step.target]}" for step in path.steps]
    return " ".join([graph.entity_names[path.entities[0]], *parts])


def lowest_plausibility(path: Path) -> float | None:
    """Return the percentile of the edge the model finds least plausible; None without a run."""
    known = [step.plausibility for step in path.steps if step.plausibility is not None]
    return min(known) if known else None


def _labeled(graph: Graph, entity: int) -> dict[str, str]:
    return {
        "id": graph.entity_ids[entity],
        "name": graph.entity_names[entity],
        "type": graph.type_of(entity),
    }


def _step(graph: Graph, step: Step) -> Row:
    head, tail = (step.source, step.target) if step.is_forward else (step.target, step.source)
    return {
        "source": graph.entity_ids[step.source],
        "target": graph.entity_ids[step.target],
        "words": step.words,
        "head": graph.entity_ids[head],
        "relation": graph.relations[step.relation].name,
        "tail": graph.entity_ids[tail],
        "origin": step.origin,
        "plausibility": step.plausibility,
    }
