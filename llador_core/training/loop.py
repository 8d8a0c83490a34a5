"""The training loop: steps, validation, early stopping, progress, checkpoints."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from llador_core.data.splits import Split
from llador_core.errors import LladorError
from llador_core.graph import Graph
from llador_core.models.kge import KnowledgeGraphEmbedding, build_model
from llador_core.priors.anchors import Anchors
from llador_core.training import checkpoint
from llador_core.training.batches import Batches
from llador_core.training.checkpoint import Progress, Writer
from llador_core.training.config import TrainConfig
from llador_core.training.dense import DenseStep
from llador_core.training.memory import keep_memory
from llador_core.training.negatives import KnownTriples
from llador_core.training.sparse import SparseStep
from llador_core.training.threads import fitting_threads
from llador_core.training.treat_batches import TreatBatches
from llador_core.training.validation import Sampled, validate

Report = Callable[[Progress], None]
log = logging.getLogger(__name__)

CHECKPOINT_EVERY = 300
TELL_EVERY_S = 1.0
MOST_LINES = 1_000  # in the first of which a run tells of itself every second
_FIXED = ("entities.anchors", "entities.weight", "entities.has_anchor")


class Trainer:
    """Trains one model on one split.

    Parameters
    ----------
    graph : Graph
    split : Split
        `split.train` is all the model ever sees; `split.valid` chooses when to stop.
    config : TrainConfig
    anchors : Anchors or None
        Text vectors of width `config.dim`; None for a plain knowledge-graph embedding.
    device : torch.device or None
        Where the weights are and all that grows with them; None means the processor.
    """

    def __init__(
        self,
        graph: Graph,
        split: Split,
        config: TrainConfig,
        anchors: Anchors | None,
        device: torch.device | None = None,
    ) -> None:
        self.graph, self.split, self.config = graph, split, config
        self.device = device or torch.device("cpu")
        self.progress = Progress(steps=config.steps)
        keep_memory()
        generator = torch.Generator().manual_seed(config.seed)
        with self._memory_errors():
            self.model: KnowledgeGraphEmbedding = build_model(
                config.model,
                graph.n_entities,
                graph.n_relations,
                config.dim,
                generator=generator,
                margin=config.margin,
                turn=config.turn,
                start=config.start,
                anchors=None if anchors is None else torch.from_numpy(anchors.matrix),
                has_anchor=None if anchors is None else torch.from_numpy(anchors.has),
                mix=config.mix,
            ).to(self.device)
            self.engine = self._engine(generator)
        self.sampled = None
        if config.is_sparse and len(split.valid):
            self.sampled = Sampled(graph, split, config)
        self.best: dict[str, Tensor] = {}
        self._losses, self._n_losses = torch.zeros((), device=self.device), 0
        self._told_step, self._told_at = 0, time.perf_counter()

    def _engine(self, generator: torch.Generator) -> DenseStep | SparseStep:
        config, triples = self.config, self.split.train
        known = KnownTriples(triples, self.graph.n_entities, self.graph.n_relations)
        treats = self.graph.relations_with_role("treats")
        if not config.is_sparse:
            return DenseStep(self.model, triples, known, treats, config, generator)
        if self.device.type == "cuda":
            precise = "highest" if config.precision == "float32" else "high"
            torch.set_float32_matmul_precision(precise)
        batches = Batches(triples, known, treats, config, self.device)
        if not config.treat_batch:
            return SparseStep(self.model, batches, config)
        n = config.treat_batch
        often = TreatBatches(batches, self.graph, self.split, n, config.seed)
        return SparseStep(self.model, often, config)

    def train(
        self,
        folder: Path,
        report: Report | None = None,
        checkpoint_every: int = CHECKPOINT_EVERY,
    ) -> None:
        """Train until the last step or until validation stops improving.

        Goes on from the checkpoint in `folder` where there is one, bit for bit on a processor, and
        leaves one there every `checkpoint_every` steps.

        Raises
        ------
        LladorError
            The loss is no longer a finite number, or memory ran out; the last checkpoint is kept.
        StorageError
            A checkpoint cannot be written.
        """
        config, progress = self.config, self._restore(folder)
        before, started = progress.seconds, time.perf_counter()
        self._told_step, self._told_at = progress.step, started
        threads = fitting_threads(self.graph, config)
        with threads, Writer() as writer, self._memory_errors(folder):
            while progress.step < config.steps and progress.n_stale < config.patience:
                self._losses += self._step(progress.step)
                self._n_losses += 1
                progress.step += 1
                now = time.perf_counter()
                progress.seconds = before + now - started
                step, is_last = progress.step, progress.step == config.steps
                progress.is_validated = step % config.validate_every == 0 or is_last
                if progress.is_validated or self._is_time(now):
                    self._tell(folder, report, writer)
                if step % checkpoint_every == 0 and not is_last:
                    self._save(folder, writer)
        self._load_best(folder)

    def take(self, step: int) -> Tensor:
        """Take one step, counted from 0, and return its loss, a scalar."""
        return self._step(step)

    def _step(self, step: int) -> Tensor:
        return self.engine(step, self.config.lr * _schedule(self.config, step))

    def _is_time(self, now: float) -> bool:
        pause = max(TELL_EVERY_S, self.progress.seconds / MOST_LINES)
        return now - self._told_at >= pause

    def _tell(self, folder: Path, report: Report | None, writer: Writer) -> None:
        """Look at the loss, validate where it is time, and report."""
        progress = self.progress
        self._look(folder)
        now = time.perf_counter()
        seconds = max(now - self._told_at, 1e-9)
        per_s = (progress.step - self._told_step) / seconds
        progress.triples_per_s = round(per_s * self.engine.size, 1)
        progress.eta_s = (
            round((self.config.steps - progress.step) / per_s, 1) if per_s else math.nan
        )
        if self.device.type == "cuda":
            progress.device_memory_mb = round(torch.cuda.max_memory_allocated() / 1e6, 1)
        if progress.is_validated:
            self._validate(folder, writer)
        if report:
            report(replace(progress))
        self._told_step, self._told_at = progress.step, time.perf_counter()

    def _look(self, folder: Path) -> None:
        """Set the mean loss since the last look. Raises LladorError where it is no number."""
        if not self._n_losses:
            return
        self.progress.loss = float(self._losses) / self._n_losses
        self._losses.zero_()
        self._n_losses = 0
        if not math.isfinite(self.progress.loss):
            raise LladorError(
                f"Training diverged at step {self.progress.step}: the loss is not a finite number. "
                f"Lower lr (now {self.config.lr:g}) and train again.{_kept(folder)}"
            )

    def _validate(self, folder: Path, writer: Writer) -> None:
        """Judge the weights on the validation pairs and keep them unless they are clearly worse.

        Later weights were trained at a lower learning rate, so among results that validation
        cannot tell apart the latest is kept, not the luckiest.
        """
        progress = self.progress
        if len(self.split.valid):
            progress.metrics = self.judge()
            progress.valid_mrr = progress.metrics["MRR"]
        if progress.valid_mrr < progress.best_metric - self.config.tolerance:
            progress.n_stale += 1
            return
        progress.best_metric = np.fmax(progress.best_metric, progress.valid_mrr).item()
        progress.best_step, progress.n_stale = progress.step, 0
        if not self.config.is_sparse:
            self.best = {k: v.detach().clone() for k, v in self._weights().items()}
        elif progress.step < self.config.steps:  # at the end the best ones are those in use
            where = {"step": str(progress.step)}
            writer.write(folder / checkpoint.BEST_FILE, self._weights(), where)

    def judge(self) -> dict[str, float]:
        """Return how the present weights rank the validation pairs, by metric."""
        if self.sampled is not None:
            return self.sampled(self.model)
        return validate(self.graph, self.split, self.model.to_scorer())

    def _weights(self) -> dict[str, Tensor]:
        """Return the trained tensors themselves; the anchors never change."""
        return {k: v for k, v in self.model.state_dict().items() if k not in _FIXED}

    def _load_best(self, folder: Path) -> None:
        if self.config.is_sparse and self.progress.best_step != self.progress.step:
            found = checkpoint.read(folder / checkpoint.BEST_FILE)
            if found is not None:
                self.best, metadata = found
                self.progress.best_step = int(metadata["step"])
        checkpoint.copy_into(self._weights(), self.best or self._weights())

    def _save(self, folder: Path, writer: Writer) -> None:
        self._look(folder)
        tensors = {f"model/{k}": v for k, v in self._weights().items()}
        tensors |= {f"engine/{k}": v for k, v in self.engine.state().items()}
        tensors |= {f"best/{k}": v for k, v in self.best.items()}
        metadata = {"progress": json.dumps(vars(self.progress))}
        writer.write(folder / checkpoint.FILE, tensors, metadata)

    def _restore(self, folder: Path) -> Progress:
        """Take up the state of the checkpoint in a folder; return the progress."""
        path = folder / checkpoint.FILE
        found = checkpoint.read(path)
        if found is None:
            return self.progress
        tensors, metadata = found
        parts = {
            part: {k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)}
            for part in ("model/", "engine/", "best/")
        }
        try:
            checkpoint.copy_into(self._weights(), parts["model/"])
            self.engine.restore(parts["engine/"])
            self.progress = checkpoint.progress_from(metadata)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise checkpoint.damaged(path) from error
        self.progress.steps, self.best = self.config.steps, parts["best/"]
        return self.progress

    @contextmanager
    def _memory_errors(self, folder: Path | None = None) -> Iterator[None]:
        """Say in one sentence what to lower when memory runs out."""
        try:
            yield
        except (torch.OutOfMemoryError, MemoryError) as error:
            config = self.config
            device = "GPU" if self.device.type != "cpu" else "machine"
            elsewhere = ", or use --device cpu" if self.device.type != "cpu" else ""
            raise LladorError(
                f"The memory of this {device} ran out at step {self.progress.step}. Lower "
                f"batch_size (now {config.batch_size}), n_negatives ({config.n_negatives}) or dim "
                f"({config.dim}){elsewhere}.{_kept(folder)}"
            ) from error


def _kept(folder: Path | None) -> str:
    """Return a sentence on the checkpoint that can be gone on from, "" without one."""
    if folder is None or not (folder / checkpoint.FILE).is_file():
        return ""
    return " The last checkpoint is kept: --resume goes on from it with the same settings."


def _schedule(config: TrainConfig, step: int) -> float:
    done = step / config.steps
    if config.lr_drops == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    return 1.0 if done < 0.5 else 0.1
