"""Why a drug might help in a disease, and what speaks against it: data, not pictures."""

from __future__ import annotations

from dataclasses import dataclass

from llador_core.errors import ConfigError
from llador_core.explain.against import Objection, ObjectionGroup, objections
from llador_core.explain.kinds import recorded, trust
from llador_core.explain.paths import MAX_LENGTH, Path, PathGroup, path_groups
from llador_core.explain.steps import Step
from llador_core.graph import Graph
from llador_core.training.runs import Run, check_graph

__all__ = [
    "MAX_LENGTH",
    "Explanation",
    "Objection",
    "ObjectionGroup",
    "Path",
    "PathGroup",
    "Step",
    "explain",
]


SHOWN_WORDS = 8
_AGAINST = ("contraindicated", "not_indicated")


@dataclass(frozen=True)
class Explanation:
    """What a graph says for a drug against a disease, and what it says against.

    Attributes
    ----------
    drug, disease : int
    groups : tuple of PathGroup
        For: the kind with the best path first.
    against : tuple of ObjectionGroup
        One for each kind of objection, also where nothing was found.
    n_paths, n_groups : int
        Paths and kinds of path in all; `groups` holds the best.
    notes : tuple of str
        What the reader must know: that there is no path, what was left out.
    """

    drug: int
    disease: int
    groups: tuple[PathGroup, ...]
    against: tuple[ObjectionGroup, ...]
    n_paths: int
    n_groups: int
    notes: tuple[str, ...]


def explain(
    graph: Graph,
    drug: int,
    disease: int,
    *,
    run: Run | None = None,
    max_length: int = MAX_LENGTH,
    through: tuple[int, ...] = (),
    n_per_group: int = 10,
) -> Explanation:
    """Return the mechanistic paths from a drug to a disease and the objections to the pair.

    The edges between the two, under whatever relation, are never used as a path.

    Parameters
    ----------
    graph : Graph
    drug, disease : int
        Of the graph's drug and disease type.
    run : Run or None
        Gives edges the model's plausibility; treatments held out from it are then not used.
    max_length : int
        Edges of the longest path, 1 to 4; there is no path of 1, as that is the pair's own edge.
    through : tuple of int
        Entities that every path must hold, e.g. a protein or a process.
    n_per_group : int
        Paths to return for each kind, 1 or more.

    Raises
    ------
    ConfigError
        An entity has another type, or a number is out of range.
    DataFormatError
        The run belongs to another version of the graph.
    """
    _check(graph, drug, disease, max_length, n_per_group)
    if run is not None:
        check_graph(run, graph)
    groups, n_paths, n_groups = path_groups(
        graph,
        drug,
        disease,
        run=run,
        max_length=max_length,
        through=through,
        n_per_group=n_per_group,
    )
    notes = _notes(graph, drug, disease, max_length, through, n_groups)
    against = objections(graph, drug, disease, run=run)
    return Explanation(drug, disease, groups, against, n_paths, n_groups, notes)


def _check(graph: Graph, drug: int, disease: int, max_length: int, n_per_group: int) -> None:
    for entity, expected in ((drug, graph.drug_type), (disease, graph.disease_type)):
        if graph.type_of(entity) != expected:
            raise ConfigError(
                f"'{graph.entity_names[entity]}' is a {graph.type_of(entity)}, not a {expected}."
            )
    if not 1 <= max_length <= MAX_LENGTH:
        raise ConfigError(
            f"The longest path must have from 1 to {MAX_LENGTH} edges, found {max_length}."
        )
    if n_per_group < 1:
        raise ConfigError(f"Show 1 path of each kind or more, found {n_per_group}.")


def _notes(
    graph: Graph, drug: int, disease: int, max_length: int, through: tuple[int, ...], n_groups: int
) -> tuple[str, ...]:
    notes = []
    if not n_groups:
        by_way = " and ".join(graph.entity_names[entity] for entity in through)
        longest = f"{max_length} edge{'s' * (max_length > 1)}"
        notes.append(
            f"There is no path of up to {longest} from {graph.entity_names[drug]} to "
            f"{graph.entity_names[disease]}{f' through {by_way}' if by_way else ''} in this graph, "
            "apart from edges between the two themselves, which are never used."
        )
    unsaid = [r for r in recorded(graph) if not trust(r) and r.role not in _AGAINST]
    words = list(dict.fromkeys(f"'{relation.words}'" for relation in unsaid))
    if words:
        more = f" and {len(words) - SHOWN_WORDS} more" if len(words) > SHOWN_WORDS else ""
        notes.append(
            "Edges that tell no mechanism are not used for paths: "
            f"{', '.join(words[:SHOWN_WORDS])}{more}."
        )
    return tuple(notes)
