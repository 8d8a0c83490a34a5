"""Which texts a run has read, and the runs that show whether they helped."""

from __future__ import annotations

from dataclasses import dataclass

from llador_core.errors import MissingDataError
from llador_core.graph import Graph
from llador_core.priors.anchors import PRIORS
from llador_core.priors.texts import TEXT_FIELDS, TextField, Texts, described, load_texts
from llador_core.training.config import RECIPES, TrainConfig
from llador_core.training.runs import Run, RunInfo, list_runs

DEFAULTS = TrainConfig()
# What stands beside a run: without text, with less of it, and with texts spoiled on purpose.
BESIDE = ("none", "full", "mechanism", "no-indication", "name", "shuffled", "random")


@dataclass(frozen=True)
class Variant:
    """A run of a model with one prior and one text set, or the lack of it.

    Attributes
    ----------
    prior : str
        A key of `PRIORS`.
    texts : str
        The text set, "" for the graph's own.
    info : RunInfo or None
        None where nobody has trained it.
    """

    prior: str
    texts: str
    info: RunInfo | None


def texts_of_run(run: Run, graph: Graph) -> Texts:
    """Return the texts that a run was trained with; the source's descriptions where no LLM wrote.

    Raises
    ------
    MissingDataError
        The graph has neither.
    UnknownNameError
        The run's text set is gone.
    """
    texts = load_texts(graph, texts_name(run.info)) or described(graph)
    if texts is None:
        raise MissingDataError(
            f"Graph '{graph.name}' has no texts, so there is nothing that could give a pair away. "
            f"Make some with `python -m llador_core describe --graph {graph.name}`."
        )
    return texts


def audited_fields(run: Run) -> tuple[TextField, ...]:
    """Return the fields to audit: those that the run's prior reads, all where it reads none."""
    return PRIORS[run.config.prior].text_fields or TEXT_FIELDS


def texts_name(info: RunInfo) -> str:
    """Return the text set that a run's anchors came from, "" for the graph's own."""
    return info.texts.partition("@")[0]


def variants(info: RunInfo) -> list[Variant]:
    """Return a run's kin, which differ from it in prior and texts alone: those of `BESIDE` with
    the graph's own texts, trained or not, then whatever else was trained.
    """
    same = ("graph", "model", "recipe", "dim", "seed", "split_kind", "split_seed")
    kin: dict[tuple[str, str], RunInfo] = {}
    for other in list_runs(info.graph):
        alike = all(getattr(other, name) == getattr(info, name) for name in same)
        if alike and other.is_finished:
            kin.setdefault((other.prior, texts_name(other)), other)
    kin[info.prior, texts_name(info)] = info
    usual = [Variant(prior, "", kin.pop((prior, ""), None)) for prior in BESIDE]
    return [*usual, *(Variant(*key, found) for key, found in sorted(kin.items()))]


def train_settings(info: RunInfo, prior: str, texts: str = "") -> dict[str, str]:
    """Return what `train` is asked for to make a run's kin with another prior or text set."""
    asked = {
        "graph": info.graph,
        "model": info.model,
        "prior": prior,
        "recipe": info.recipe if info.recipe in RECIPES else DEFAULTS.recipe,
        "seed": str(info.seed),
        "split": info.split_kind if info.split_kind != "unknown" else DEFAULTS.split,
        "split-seed": str(info.split_seed),
    }
    asked |= {"dim": str(info.dim)} if info.dim != DEFAULTS.dim else {}
    return asked | ({"texts": texts} if texts else {})


def train_command(info: RunInfo, prior: str, texts: str = "") -> str:
    """Return the command line that trains a run's kin."""
    asked = train_settings(info, prior, texts)
    by_set = {key: asked.pop(key) for key in ("dim", "texts") if key in asked}
    defaults = {"graph": "starter", "recipe": "llador", "seed": "0", "split": "pair"}
    defaults |= {"split-seed": "0"}
    words = [f"--{k} {v}" for k, v in asked.items() if defaults.get(k) != v]
    words += [f"--set {key}={value}" for key, value in by_set.items()]
    return " ".join(["python -m llador_core train", *words])
