"""Which studies there are: the rows of each, and the published figures that stand beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from llador_core.experiments.spoil import Noise
from llador_core.paths import assets

MODELS = ("transe", "distmult", "rotate")
TITLES = {"transe": "TransE", "distmult": "DistMult", "rotate": "RotatE"}
SHARES = (0.2, 0.4, 0.6)


@dataclass(frozen=True)
class Setting:
    """One row of a study.

    Attributes
    ----------
    label : str
    prior : str
        A key of `PRIORS`.
    changes : tuple of (setting, value)
        Of `TrainConfig`, over the recipe.
    noise : Noise or None
        What is done to the training triples.
    mask : float in [0, 1]
        Share of the words left out of every text before it is embedded.
    embedder : str
        Texts are embedded by it for this row; "" takes the graph's own text vectors.
    prompt, temperature : str, float or None
        The text set must have been described so; None means any.
    published : str
        Where the figures stand in the paper's tables, "{model}" for the model's title; "" nowhere.
    """

    label: str
    prior: str
    changes: tuple[tuple[str, Any], ...] = ()
    noise: Noise | None = None
    mask: float = 0.0
    embedder: str = ""
    prompt: str = ""
    temperature: float | None = None
    published: str = ""


@dataclass(frozen=True)
class Experiment:
    """A study: its rows, trained for every model and seed.

    Attributes
    ----------
    name, title, words : str
        `words` says in a sentence what the study asks.
    settings : tuple of Setting
    """

    name: str
    title: str
    words: str
    settings: tuple[Setting, ...]


def _noise_rows() -> tuple[Setting, ...]:
    rows = []
    for prior, words, column in (("none", "no prior", "base"), ("full", "full prior", "LLaDR")):
        place = f"table11_robustness/{{model}}/{column}/"
        rows.append(Setting(words, prior, published=f"{place}original"))
        for kind, verb in (("delete", "left out"), ("add", "of false facts added")):
            for share in SHARES:
                percent = round(100 * share)
                noise = Noise("delete" if kind == "delete" else "add", share)
                label = f"{words}, {percent}% {verb}"
                rows.append(Setting(label, prior, noise=noise, published=f"{place}{kind}{percent}"))
    return tuple(rows)


EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            Experiment(
                "main",
                "Main table and controls",
                "What does the prior add, and how much of it is the text giving the answer away?",
                (
                    Setting("no prior", "none", published="table6_main/{model}/base"),
                    Setting("full prior", "full", published="table6_main/{model}/gpt-4o-mini"),
                    Setting("mechanism only", "mechanism"),
                    Setting(
                        "names only", "name", published="table8_prompt_gpt-4o-mini/{model}/none"
                    ),
                    Setting("shuffled texts (control)", "shuffled"),
                    Setting("random vectors (control)", "random"),
                ),
            ),
            Experiment(
                "prompts",
                "Prompts",
                "Does it matter how the language model is asked?",
                (
                    Setting(
                        "names only", "name", published="table8_prompt_gpt-4o-mini/{model}/none"
                    ),
                    Setting(
                        "original prompt",
                        "full",
                        prompt="original",
                        published="table8_prompt_gpt-4o-mini/{model}/original",
                    ),
                    Setting(
                        "good prompt",
                        "full",
                        prompt="good",
                        published="table8_prompt_gpt-4o-mini/{model}/good",
                    ),
                    Setting("structured prompt", "full", prompt="structured"),
                ),
            ),
            Experiment(
                "temperature",
                "Temperature",
                "Does it matter how freely the language model writes?",
                tuple(
                    Setting(
                        f"temperature {value}",
                        "full",
                        prompt="original",
                        temperature=value,
                        published=f"table7_temperature_gpt-4o-mini/{{model}}/{value}",
                    )
                    for value in (0.1, 0.7)
                ),
            ),
            Experiment(
                "anchor-loss",
                "Distance of the anchor loss",
                "Does it matter how the distance to the text is measured, or that it is at all?",
                (
                    Setting(
                        "cosine",
                        "full",
                        published="table9_anchor_loss/{model}/original",
                    ),
                    Setting(
                        "Kullback-Leibler",
                        "full",
                        changes=(("distance", "kl"),),
                        published="table9_anchor_loss/{model}/kl",
                    ),
                    Setting("Euclidean", "full", changes=(("distance", "euclidean"),)),
                    Setting("Manhattan", "full", changes=(("distance", "manhattan"),)),
                    Setting("phase", "full", changes=(("distance", "phase"),)),
                    Setting("no anchor loss", "full", changes=(("pull", 0.0),)),
                ),
            ),
            Experiment(
                "embedder",
                "Embedders",
                "Does it matter which model turns the texts into vectors?",
                (
                    Setting("graph's own vectors", "full"),
                    Setting("TF-IDF and SVD", "full", embedder="tfidf"),
                    Setting(
                        "bge-small-v1.5",
                        "full",
                        embedder="st:BAAI/bge-small-en-v1.5",
                        published="table10_embedder/{model}/bge-small-v1.5",
                    ),
                    Setting(
                        "text-embedding-3-small",
                        "full",
                        embedder="openai:text-embedding-3-small",
                        published="table10_embedder/{model}/text-embedding-3-small",
                    ),
                ),
            ),
            Experiment(
                "noise",
                "Facts left out, false facts added",
                "Does the prior hold the model when the graph is poor or wrong?",
                _noise_rows(),
            ),
            Experiment(
                "mask",
                "Words left out of the texts",
                "How much of the text does the prior need?",
                tuple(
                    Setting(
                        f"{round(100 * share)}% of the words left out",
                        "full",
                        mask=share,
                        published=f"table12_mask_gpt-4o-mini/{{model}}/{round(100 * share)}",
                    )
                    for share in (0.0, *SHARES)
                ),
            ),
        )
    }
)


@cache
def _tables() -> Mapping[str, Any]:
    content = json.loads((assets() / "paper" / "tables.json").read_text("utf-8"))
    return MappingProxyType(content)


def published_columns() -> tuple[str, ...]:
    """Return the metrics of the paper's tables, in our words."""
    return tuple(column.replace("H@", "Hits@") for column in _tables()["columns"])


def published(setting: Setting, model: str) -> dict[str, float] | None:
    """Return the paper's figures for a row, None where it has none."""
    if not setting.published or model not in TITLES:
        return None
    found: Any = _tables()
    for key in setting.published.format(model=TITLES[model]).split("/"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return None if found is None else dict(zip(published_columns(), found, strict=True))


def published_note(experiment: Experiment) -> str:
    """Return what must be said wherever the paper's figures stand beside ours."""
    told = _tables()["dataset"]
    places = {setting.published.split("/")[0] for setting in experiment.settings}
    notes = [_tables()[place].get("note", "") for place in sorted(places - {""})]
    return (
        f"The published figures are of another graph ({told['name']}, {told['entities']:,} "
        f"entities, {told['test']:,} test triples), split by triple and ranked among about 50 "
        "diseases with other known ones left in; ours are split by drug-disease pair. Compare "
        "what changes from row to row, not the levels."
    ) + "".join(f" The paper's figures are {note}." for note in notes if note)
