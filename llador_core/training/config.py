"""What a training run is: every setting, and the two recipes.

`paper` is the published objective and sampling on a schedule that fits the graph; `llador` is ours,
the default. The glossary of the README ties each setting to the paper's symbol.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from llador_core.config import check_range, from_dict, with_settings
from llador_core.data.splits import MIN_PAIRS, n_contraindicated_pairs
from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS, Interaction
from llador_core.priors.anchors import PRIORS
from llador_core.registry import lookup

Recipe = Literal["paper", "llador"]

# A setting that came after the first runs: it counts in a run's name only when it is not at its
# default, so that the names of runs which do not use it stay as they are.
LATER: Mapping[str, bool] = MappingProxyType({"is_later": True})


@dataclass(frozen=True)
class TrainConfig:
    """Every setting of a training run.

    Attributes
    ----------
    model, prior : str
        Names in `INTERACTIONS` and `PRIORS`; prior "none" is the plain knowledge-graph embedding.
    recipe : "paper" or "llador"
        Which defaults the other settings came from.
    dim : int, 8 to 4096
        Reals in an entity vector (the paper's d).
    reduce : "slice", "pca" or "blend"
        How text vectors are brought to `dim`: first coordinates (the paper), principal components
        of the fields side by side, or of their sum (ours).
    mix : float in [0, 1]
        Share of the free part in an entity vector (rho).
    pull : float >= 0
        Weight of the anchor loss (zeta_1).
    distance : str
        Of an entity to its anchor, for the anchor loss.
    link_weight : float > 0
        Weight of the link-prediction loss (zeta_2).
    margin : float
        Of the distance models (gamma).
    n_negatives : int
        Corrupted ends for each positive; 0 stands for every entity (1-vs-all).
    typed_share : float in [0, 1]
        Share of the negatives drawn from the batch's own targets, which have the right type.
    turn : float in [0, 1]
        RotatE's start angles, as a share of the whole circle either way; small lets an anchored
        entity begin where its text is.
    start : float in [0, 10]
        Length of the free vectors before training, where a text vector has length 1.
    shared_negatives : bool
        One set of negatives for the whole batch, or one for each triple as in the paper.
    loss : "logsigmoid" or "cross_entropy"
        Eqs. 3-5, or softmax over the positive and its negatives.
    adversarial_temperature : float >= 0
        Of self-adversarial weighting of negatives; 0 weighs them equally.
    is_subsampled : bool
        Weigh triples by 1 / sqrt of how common their (head, relation) and (relation, tail) are.
    treat_weight : int >= 1
        How often an epoch visits the triples with role `treats`.
    batch_size, steps : int
        Triples in a step, and steps at most.
    lr : float
        Of the optimizer at the start.
    lr_drops : str
        "half": divided by 10 at half of the steps (the paper). "cosine": falls to 0 along a cosine.
    validate_every, patience : int
        Steps between validations; clearly worse validations in a row before stopping.
    tolerance : float in [0, 1]
        A validation is clearly worse when its mean reciprocal rank is this far below the best.
    seed : int
        Of start values and sampling.
    split : "pair", "disease" or "drug"
        What is held out: drug-disease pairs, or every treatment of some diseases, or by some drugs
        (zero-shot).
    split_seed : int
    is_caution_held_out : bool
        Contraindicated pairs are held out as treated ones are, so that the run can be judged by
        them. Runs from before the safeguard did not.
    texts : str
        Name of the set of texts that the anchors come from; "" for the graph's own.
    optimizer : "adam", "rowwise-adagrad", "adagrad" or "rowwise-adam"
        "adam" passes over the whole table in every step; the others change the rows of the batch
        alone, see `training.optimizers`, and the settings below need one of them.
    chunk_size : int
        How many triples in a row share their negatives; 0 for the whole batch.
    relation_balance : float in [0, 1]
        0 visits every triple equally often, 1 every relation.
    n3 : float >= 0
        Weight of the cubed moduli of a triple's three vectors in the loss (Lacroix et al., ICML
        2018), for DistMult and ComplEx.
    precision : "float32", "tf32" or "bf16"
        Of the matrix products of DistMult and ComplEx. "tf32" counts on NVIDIA GPUs alone.
    treat_batch : int >= 0
        In every other pair of steps, learn so many treatments alone, against drugs or diseases;
        see `training.treat_batches`. 0 never does.
    similar_pairs : bool
        Where the graph has no contraindications to learn caution from, the lists weigh the score
        with what is known of similar drugs and diseases, see `safeguard.similar`.
    """

    model: str = "distmult"
    prior: str = "full"
    recipe: Recipe = "llador"
    dim: int = 128
    reduce: Literal["slice", "pca", "blend"] = "blend"
    mix: float = 0.2
    pull: float = 0.5
    distance: Literal["cosine", "euclidean", "manhattan", "phase", "kl"] = "cosine"
    link_weight: float = 1.8
    margin: float = 12.0
    turn: float = 0.02
    start: float = 1.0
    n_negatives: int = 128
    typed_share: float = 0.5
    shared_negatives: bool = True
    loss: Literal["logsigmoid", "cross_entropy"] = "logsigmoid"
    adversarial_temperature: float = 0.0
    is_subsampled: bool = True
    treat_weight: int = 4
    batch_size: int = 512
    steps: int = 1500
    lr: float = 2e-3
    lr_drops: Literal["half", "cosine"] = "cosine"
    validate_every: int = 150
    patience: int = 5
    tolerance: float = 0.05
    seed: int = 0
    split: Literal["pair", "disease", "drug"] = "pair"
    split_seed: int = 0
    is_caution_held_out: bool = False
    texts: str = field(default="", metadata=LATER)
    optimizer: Literal["adam", "rowwise-adagrad", "adagrad", "rowwise-adam"] = field(
        default="adam", metadata=LATER
    )
    chunk_size: int = field(default=0, metadata=LATER)
    relation_balance: float = field(default=0.0, metadata=LATER)
    n3: float = field(default=0.0, metadata=LATER)
    precision: Literal["float32", "tf32", "bf16"] = field(default="float32", metadata=LATER)
    treat_batch: int = field(default=0, metadata=LATER)
    similar_pairs: bool = field(default=False, metadata=LATER)

    def __post_init__(self) -> None:
        spec = lookup("model", INTERACTIONS, self.model)
        lookup("prior", PRIORS, self.prior)
        ranges = {
            "dim": (8, 4096),
            "mix": (0, 1),
            "pull": (0, 1000),
            "link_weight": (1e-6, 1000),
            "margin": (0, 1000),
            "n_negatives": (0, 100_000),
            "turn": (0, 1),
            "start": (0, 10),
            "typed_share": (0, 1),
            "adversarial_temperature": (0, 100),
            "treat_weight": (1, 1000),
            "batch_size": (1, 1_000_000),
            "steps": (1, 100_000_000),
            "lr": (1e-8, 10),
            "validate_every": (1, 100_000_000),
            "patience": (1, 1_000_000),
            "tolerance": (0, 1),
            "seed": (0, 2**31),
            "split_seed": (0, 2**31),
            "chunk_size": (0, self.batch_size),
            "relation_balance": (0, 1),
            "n3": (0, 1000),
            "treat_batch": (0, 1_000_000),
        }
        for name, (low, high) in ranges.items():
            check_range("TrainConfig", name, getattr(self, name), low, high)
        if self.texts and not self.is_anchored:
            raise ConfigError(f"The prior 'none' uses no text: not the set '{self.texts}' either.")
        if self.dim % 2 and (spec.needs_even_dim or self.reduce == "slice"):
            raise ConfigError(f"TrainConfig: {spec.title} needs an even dim, found {self.dim}.")
        self._check_together(spec)

    def _check_together(self, spec: Interaction) -> None:
        """Raise ConfigError where a setting has no meaning beside another."""
        if not self.is_sparse:
            for name in ("chunk_size", "relation_balance", "n3", "precision", "treat_batch"):
                if getattr(self, name) != TrainConfig.__dataclass_fields__[name].default:
                    raise ConfigError(
                        f"TrainConfig: {name} needs an optimizer that changes the rows of the "
                        "batch alone. Set optimizer=rowwise-adagrad."
                    )
        if not self.shared_negatives and (self.chunk_size or not self.n_negatives):
            raise ConfigError(
                "TrainConfig: with shared_negatives=false each triple has negatives of its own, "
                f"but chunk_size is {self.chunk_size} and n_negatives {self.n_negatives}. Leave "
                "chunk_size at 0 and set n_negatives to 1 or more."
            )
        if self.chunk_size and self.batch_size % self.chunk_size:
            raise ConfigError(
                f"TrainConfig: batch_size {self.batch_size} is no multiple of chunk_size "
                f"{self.chunk_size}."
            )
        if spec.is_distance and (self.n3 or self.precision != "float32"):
            raise ConfigError(
                f"TrainConfig: n3 and precision are for DistMult and ComplEx, not {spec.title}."
            )

    @property
    def is_sparse(self) -> bool:
        """The optimizer changes the rows of the batch alone."""
        return self.optimizer != "adam"

    @property
    def is_anchored(self) -> bool:
        return self.prior != "none"

    def to_json(self) -> dict[str, Any]:
        """Return what config.json keeps: every setting, those that came later only where set."""
        return {
            setting.name: getattr(self, setting.name)
            for setting in dataclasses.fields(self)
            if not (setting.metadata and getattr(self, setting.name) == setting.default)
        }

    def fingerprint(self, graph_checksum: str) -> str:
        """Return 8 hex digits that differ when a setting or the graph differs."""
        asked = json.dumps([self.to_json(), graph_checksum], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()[:8]


# With text, the free part starts small, so that an entity starts where its text is.
ANCHORED_START = 0.1
# Adagrad's steps shrink as it goes, and need to be longer at the start than Adam's.
LEARNING_RATES: Mapping[str, float] = MappingProxyType({"rowwise-adagrad": 0.1, "adagrad": 0.05})
MOST_OFTEN = 64  # a graph with very few treatments would have them learnt by heart

# For DistMult and ComplEx on a large graph, see benchmarks/results/quality_real_tried.json.
LARGE_BILINEAR: Mapping[str, Any] = MappingProxyType(
    {"optimizer": "adagrad", "lr": 0.1, "loss": "cross_entropy", "is_subsampled": False}
    | {"batch_size": 2048, "steps": 2400, "validate_every": 600}
    | {"treat_weight": 1, "treat_batch": 128}
)

RECIPES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "paper": MappingProxyType(
            {
                "reduce": "slice",
                "mix": 0.6,
                "typed_share": 0.0,
                "shared_negatives": False,
                "treat_weight": 1,
                "lr_drops": "half",
            }
        ),
        "llador": MappingProxyType({}),
    }
)


def make_config(
    graph: Graph,
    model: str,
    prior: str,
    recipe: str = "llador",
    settings: Sequence[str] = (),
    **changes: Any,
) -> TrainConfig:
    """Return the settings of a run on `graph`.

    Parameters
    ----------
    settings : sequence of "key=value" strings
        As typed after `--set`; they win over the recipe.
    **changes
        Further settings by name, e.g. seed=3.

    Raises
    ------
    UnknownNameError, ConfigError
        Naming the nearest valid choice.
    """
    values: dict[str, Any] = {"model": model, "prior": prior, "recipe": recipe}
    values |= lookup("recipe", RECIPES, recipe)
    if prior != "none":
        values["start"] = ANCHORED_START
    if n_contraindicated_pairs(graph) >= MIN_PAIRS:
        values["is_caution_held_out"] = True
    if graph.n_triples > 200_000:
        # Longer training learns the few treatments by heart and forgets what they have in common.
        values |= {"batch_size": 4096, "n_negatives": 256, "steps": 600, "validate_every": 150}
        values |= {"treat_weight": _treat_weight(graph), "tolerance": 0.01}
        values["optimizer"] = "adagrad"
        if recipe == "llador":
            is_distance = lookup("model", INTERACTIONS, model).is_distance
            values |= {"similar_pairs": True, **({} if is_distance else LARGE_BILINEAR)}
    asked = dict(changes)
    asked |= {name.strip(): value for name, _, value in (s.partition("=") for s in settings)}
    if asked.get("optimizer") == "adam":
        values["treat_batch"] = 0  # needs one of the other optimizers
    config = with_settings(from_dict(TrainConfig, values | changes), settings)
    if "lr" not in asked and ("lr" not in values or "optimizer" in asked):
        lr = LEARNING_RATES.get(config.optimizer, TrainConfig().lr)
        config = dataclasses.replace(config, lr=lr)
    return config


def _treat_weight(graph: Graph) -> int:
    """Return how often to visit a treatment so that a quarter of all visits are treatments.

    In a large graph they are one triple in a hundred; visited four times as often as the others,
    the drug-ranking MRR on the DRKG-format graph is two thirds of what it is so.
    """
    n_treats = max(1, len(graph.triples_with_role("treats")))
    return min(max(round(graph.n_triples / n_treats / 3), 4), MOST_OFTEN)
