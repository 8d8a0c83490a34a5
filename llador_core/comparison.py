"""Runs side by side: what differs in their settings, and which ranks the hidden pairs better."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from llador_core.errors import ConfigError
from llador_core.evaluation.compare import Comparison, compare
from llador_core.graph import Graph
from llador_core.training.runs import Order, Run


def why_not(graph: Graph, run: Run, base: Run) -> str:
    """Return why two runs cannot be compared pair by pair, one sentence; "" where they can."""
    for one in (run, base):
        if one.graph_checksum != graph.checksum:
            return f"{one.name} belongs to another graph, or another version of it."
        if one.info.split_kind == "unknown":
            return (
                f"{one.name} was trained elsewhere on pairs nobody here knows: it may have seen "
                "the hidden ones."
            )
    first, second = run.split(graph), base.split(graph)
    if not np.array_equal(first.test, second.test):
        return (
            "The runs hid different pairs, so each may have been trained on what the other is "
            "judged by. Train one of them again with the split of the other."
        )
    return ""


def compare_runs(
    graph: Graph,
    run: Run,
    base: Run,
    protocol: str = "drug-ranking",
    order: Order = "combined",
    seed: int | None = None,
) -> Comparison:
    """Return what `run` ranks better than `base` among the pairs that both hid.

    Parameters
    ----------
    order : "combined" or "raw"
        What each of the two orders its lists by.
    seed : int or None
        Of sampled candidates and of the bootstrap; None takes that of the split.

    Raises
    ------
    ConfigError
        They cannot be compared; says why.
    UnknownNameError, DataFormatError
    """
    if reason := why_not(graph, run, base):
        raise ConfigError(reason)
    seed = run.config.split_seed if seed is None else seed
    first, second = (one.pair_scores(graph, order) for one in (run, base))
    return compare(graph, run.split(graph), first, second, protocol, seed)


def verdict(comparison: Comparison, name: str, base: str, metric: str = "MRR") -> str:
    """Return which of two runs ranks the hidden pairs better, in one plain sentence.

    Parameters
    ----------
    name, base : str
        What to call the two.
    """
    found = comparison.differences[metric]
    told = f"{_signed(found.value)} [{_signed(found.low)}, {_signed(found.high)}] in {metric}"
    over = f"over {comparison.n_pairs:,} hidden pairs"
    if found.low > 0:
        return f"{name} ranks the hidden pairs better than {base}: {told} {over}."
    if found.high < 0:
        return f"{name} ranks the hidden pairs worse than {base}: {told} {over}."
    if found.low == found.high == 0:
        return f"{name} and {base} rank all {comparison.n_pairs:,} hidden pairs alike."
    return f"Between {name} and {base} the hidden pairs do not decide: {told} {over}."


def differing_settings(runs: list[Run]) -> dict[str, list[Any]]:
    """Return the settings in which runs differ, with the value of each; None where unknown.

    Of a run that was trained elsewhere only model, dim and margin are known.
    """
    known = ("model", "dim", "margin")
    rows: dict[str, list[Any]] = {}
    for setting in dataclasses.fields(runs[0].config):
        values = [
            None
            if run.info.is_imported and setting.name not in known
            else getattr(run.config, setting.name)
            for run in runs
        ]
        if any(value != values[0] for value in values):
            rows[setting.name] = values
    return rows


def _signed(value: float) -> str:
    """Return a difference with its sign and three digits: '+.052'."""
    rounded = round(value, 3)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded):.3f}"
