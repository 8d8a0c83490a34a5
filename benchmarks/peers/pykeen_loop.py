"""PyKEEN's own sLCWA training loop, as it comes: losses, optimizer and constraints of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES = {"transe": "TransE", "distmult": "DistMult", "complex": "ComplEx", "rotate": "RotatE"}
COMPLEX = ("complex", "rotate")


def train(  # noqa: PLR0913
    model: str,
    triples: NDArray[np.int32],
    n_entities: int,
    n_relations: int,
    after_step: Callable[[], None],
    *,
    dim: int,
    batch_size: int,
    n_negatives: int,
    seed: int = 0,
) -> None:
    """Train an epoch, unless `after_step`, which is called after each batch, raises.

    Parameters
    ----------
    dim : int
        Reals of an entity; ComplEx and RotatE have half as many complex numbers.
    """
    import torch
    from pykeen.models import model_resolver
    from pykeen.training import SLCWATrainingLoop, TrainingCallback
    from pykeen.triples import CoreTriplesFactory

    class Step(TrainingCallback):
        def post_batch(self, *_: Any, **__: Any) -> None:
            after_step()

    factory = CoreTriplesFactory.create(
        mapped_triples=torch.from_numpy(triples.astype(np.int64)),
        num_entities=n_entities,
        num_relations=n_relations,
    )
    made = model_resolver.make(
        NAMES[model],
        triples_factory=factory,
        embedding_dim=dim // 2 if model in COMPLEX else dim,
        random_seed=seed,
    )
    loop = SLCWATrainingLoop(
        model=made,
        triples_factory=factory,
        negative_sampler_kwargs={"num_negs_per_pos": n_negatives},
    )
    loop.train(factory, num_epochs=1, batch_size=batch_size, use_tqdm=False, callbacks=Step())
