"""Models as others would bring them: random vectors, which need no training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from llador_core.graph import Graph
from llador_core.models.checkpoints import Checkpoint
from llador_core.models.interactions import INTERACTIONS

DIM = 16
Make = Callable[..., Checkpoint]


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, so that its runs are its own."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def make(small: Graph) -> Make:
    """Return a function that makes a checkpoint of the small graph with random vectors."""

    def made(model: str = "distmult", seed: int = 0, **changes: object) -> Checkpoint:
        draw = np.random.default_rng(seed)
        spec = INTERACTIONS[model]

        def table(n: int, width: int) -> np.ndarray:
            return draw.normal(size=(n, width)).astype(np.float32)

        values = {
            "model": model,
            "entities": table(small.n_entities, DIM),
            "relations": table(small.n_relations, spec.relation_width(DIM)),
            "entity_ids": tuple(small.entity_ids),
            "relation_ids": tuple(r.name for r in small.relations),
            "margin": 9.0 if spec.is_distance else 0.0,
            "constants": {
                name: draw.uniform(0.5, 2, shape).astype(np.float32)
                for name, shape in spec.constants
            },
            "source": {"format": "test", "sha256": str(seed), "notes": []},
        }
        return Checkpoint(**(values | changes))  # type: ignore[arg-type]

    return made
