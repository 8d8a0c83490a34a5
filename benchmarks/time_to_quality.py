"""How much sooner we reach the quality that a plain loop has after half an hour, on Hetionet.

    LLADOR_RAW=... python benchmarks/time_to_quality.py plain [MODEL ...]   half an hour each
    LLADOR_RAW=... python benchmarks/time_to_quality.py ours [MODEL ...]    minutes
    LLADOR_RAW=... python benchmarks/time_to_quality.py compare [MODEL ...]

Quality is the filtered mean reciprocal rank of 400 held-out triples of all relations, both ends
ranked among all entities, judged by the same code for both sides: steadier than the few treatments
that are held out. Both run on one thread and are timed in seconds of its processor time, because
machines are shared; judging does not count. Start it with glibc told to keep its memory
(MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_), which helps the plain loop most; how many steps
it makes without is measured beside, and since its quality depends on its steps alone, so is the
quality it has after half an hour without. Its learning rate is ten times the published one, of
which half an hour would see little, and stays as it is: the published drop comes at 50,000 steps.

Everything is kept in LLADOR_HOME/benchmarks, so that a run cut short goes on where it was;
`compare` writes benchmarks/results/time_to_quality.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read when NumPy and torch are imported


import numpy as np  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder
RESULT = REPOSITORY / "benchmarks" / "results" / "time_to_quality.json"
BARS = {"transe": 8.0, "rotate": 8.0, "distmult": 4.0, "complex": 4.0}
DIM, PLAIN_LR, SEED = 200, 1e-3, 0
HALF_AN_HOUR_S = 1_800.0
OUR_MOST_S, AHEAD = 300.0, 1.1  # ours goes on until it is a tenth better, or so many seconds
JUDGE_EVERY_S = {"plain": 150.0, "ours": 10.0}
N_HELD_OUT, N_JUDGED, N_TIMED = 2_000, 400, 10
OURS: dict[str, Any] = {
    "optimizer": "rowwise-adagrad",
    "batch_size": 1024,
    "n_negatives": 128,
    "steps": 20_000,
    "treat_weight": 1,
    "treat_batch": 0,
}
OURS_BY_MODEL: dict[str, dict[str, Any]] = {
    "transe": {"lr": 0.05},
    "rotate": {"lr": 0.05},
    "distmult": {"optimizer": "adagrad", "lr": 0.02},
    "complex": {"optimizer": "adagrad", "lr": 0.02},
}
ALLOCATOR = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")


class Task:
    """Hetionet without some triples, and the judge of how well those are found again."""

    def __init__(self) -> None:
        from benchmarks.peers.link_mrr import hold_out
        from llador_core.data import load_graph
        from llador_core.training.negatives import KnownTriples

        self.graph = load_graph("hetionet")
        self.train, held_out = hold_out(self.graph.triples, N_HELD_OUT, SEED)
        self.judged = held_out[:N_JUDGED]
        self.known = KnownTriples(self.graph.triples, self.graph.n_entities, self.graph.n_relations)

    def mrr(self, model: str, entities: Any, relations: Any) -> float:
        from benchmarks.peers.link_mrr import link_mrr

        return link_mrr(model, entities, relations, self.judged, self.known)


def state_folder() -> Path:
    from llador_core.paths import home

    folder = home() / "benchmarks" / "time_to_quality"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def plain_loop(model: str, train: Any, graph: Any) -> Any:
    from benchmarks.peers.plain_loop import PlainLoop

    sizes = (graph.n_entities, graph.n_relations)
    return PlainLoop(model, train, *sizes, dim=DIM, lr=PLAIN_LR, seed=SEED)


def run_plain(model: str) -> None:
    """Train the plain loop for half an hour, or go on doing so, and keep its curve."""
    from safetensors.torch import load_file, save_file

    task, folder = Task(), state_folder()
    loop = plain_loop(model, task.train, task.graph)
    told, tensors = folder / f"plain-{model}.json", folder / f"plain-{model}.safetensors"
    curve: list[dict[str, float]] = []
    if told.is_file():
        curve = json.loads(told.read_text("utf-8"))["curve"]
        _restore(loop, load_file(tensors), int(curve[-1]["step"]))
    loop.step()  # the tables of true ends are made at the first one
    seconds, step = (curve[-1]["s"], int(curve[-1]["step"])) if curve else (0.0, 0)
    while seconds < HALF_AN_HOUR_S:
        until = min(
            HALF_AN_HOUR_S, (seconds // JUDGE_EVERY_S["plain"] + 1) * JUDGE_EVERY_S["plain"]
        )
        while seconds < until:
            started = time.process_time()
            loop.step()
            seconds, step = seconds + time.process_time() - started, step + 1
        relations = loop.model.angles() if model == "rotate" else loop.model.relations
        mrr = task.mrr(model, loop.model.entities.detach(), relations.detach())
        curve.append({"s": round(seconds, 1), "step": step, "mrr": round(mrr, 4)})
        save_file(_state(loop), tensors)
        kept = {"curve": curve, "allocator": {n: os.environ.get(n, "") for n in ALLOCATOR}}
        told.write_text(json.dumps(kept), "utf-8")
        print(f"plain {model}: {curve[-1]}", flush=True)


def _state(loop: Any) -> dict[str, Any]:
    state = {name: value.detach().clone() for name, value in loop.model.named_parameters()}
    for name, parameter in loop.model.named_parameters():
        kept = loop.optimizer.state[parameter]
        state |= {f"{name}/{key}": kept[key].clone() for key in ("exp_avg", "exp_avg_sq")}
    return state


def _restore(loop: Any, state: dict[str, Any], step: int) -> None:
    """Put back what was kept; batches are drawn anew."""
    import torch

    for name, parameter in loop.model.named_parameters():
        with torch.no_grad():
            parameter.copy_(state[name])
        loop.optimizer.state[parameter] = {
            "step": torch.tensor(float(step)),
            **{key: state[f"{name}/{key}"] for key in ("exp_avg", "exp_avg_sq")},
        }


def our_trainer(model: str, task: Task) -> Any:
    """Return the trainer of our side: no text, no treatments of their own, else our defaults."""
    from llador_core.data.splits import Split
    from llador_core.training.config import make_config
    from llador_core.training.loop import Trainer

    none = np.empty((0, 3), np.int32)
    split = Split("pair", SEED, task.train, none, none, 0, np.empty(0, np.int64))
    config = make_config(
        task.graph, model, "none", seed=SEED, dim=DIM, **OURS | OURS_BY_MODEL[model]
    )
    return Trainer(task.graph, split, config, None)


def run_ours(model: str) -> None:
    """Train ours until it is better than the plain loop ever was, and keep its curve."""
    task, folder = Task(), state_folder()
    plain = json.loads((folder / f"plain-{model}.json").read_text("utf-8"))["curve"]
    target = max(point["mrr"] for point in plain)
    trainer = our_trainer(model, task)
    curve: list[dict[str, float]] = []
    seconds, step, mrr = 0.0, 0, 0.0
    kept = {"curve": curve, "settings": OURS | OURS_BY_MODEL[model]}
    while mrr < AHEAD * target and step < trainer.config.steps and seconds < OUR_MOST_S:
        until = seconds + JUDGE_EVERY_S["ours"]
        while seconds < until and step < trainer.config.steps:
            started = time.process_time()
            trainer._step(step)
            seconds, step = seconds + time.process_time() - started, step + 1
        weights = trainer.model.to_scorer()
        tables = (torch_from(weights.entities), torch_from(weights.relations))
        mrr = task.mrr(model, *tables)
        curve.append({"s": round(seconds, 1), "step": step, "mrr": round(mrr, 4)})
        (folder / f"ours-{model}.json").write_text(json.dumps(kept), "utf-8")
        print(f"ours {model}: {curve[-1]}, the plain loop's best {target}", flush=True)


def torch_from(array: Any) -> Any:
    import torch

    return torch.from_numpy(array)


def run_step(model: str) -> None:
    """Print the seconds of a step of the plain loop under the allocator of this process."""
    task = Task()
    loop = plain_loop(model, task.train, task.graph)
    for _ in range(2):
        loop.step()
    started = time.process_time()
    for _ in range(N_TIMED):
        loop.step()
    print((time.process_time() - started) / N_TIMED)


def step_s(model: str) -> float:
    """Return the seconds of a step of the plain loop with the allocator as it comes."""
    environment = {name: value for name, value in os.environ.items() if name not in ALLOCATOR}
    done = subprocess.run(
        [sys.executable, __file__, "step", model],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def seconds_to(curve: list[dict[str, float]], mrr: float) -> float | None:
    """Return when a curve first was that good, None for never."""
    return next((point["s"] for point in curve if point["mrr"] >= mrr), None)


def compare(model: str) -> dict[str, Any]:
    """Return how much sooner we were as good as the plain loop after half an hour."""
    from benchmarks.machine import commit

    folder = state_folder()
    plain, ours = (
        json.loads((folder / f"{side}-{model}.json").read_text("utf-8"))
        for side in ("plain", "ours")
    )
    curve = plain["curve"]
    slow = step_s(model)
    n_steps = HALF_AN_HOUR_S / slow  # in half an hour with the allocator as it comes
    reached = [point for point in curve if point["step"] <= n_steps]
    row: dict[str, Any] = {"plain": plain, "ours": ours, "bar": BARS[model], "commit": commit()}
    cases = {
        "allocator kept": (curve[-1], curve[-1]["s"], curve[-1]["s"] >= HALF_AN_HOUR_S),
        "allocator default": (
            reached[-1],
            round(reached[-1]["step"] * slow, 1),
            curve[-1]["step"] >= n_steps,
        ),
    }
    for name, (point, seconds, is_whole) in cases.items():
        mine = seconds_to(ours["curve"], point["mrr"])
        row[name] = {
            "mrr": point["mrr"],
            "plain_s": seconds,
            "is_half_an_hour": is_whole,
            "ours_s": mine,
            "ratio": None if mine is None else round(seconds / mine, 1),
        }
    row["along"] = [
        {
            "mrr": point["mrr"],
            "plain_s, kept": point["s"],
            "plain_s, default": round(point["step"] * slow, 1),
            "ours_s": seconds_to(ours["curve"], point["mrr"]),
        }
        for point in curve
    ]
    return row


def write(model: str) -> None:
    """Add a model's comparison to the result."""
    from benchmarks.machine import processor, today

    result = json.loads(RESULT.read_text("utf-8")) if RESULT.is_file() else {"models": {}}
    result |= {
        "date": today(),
        "processor": processor(),
        "clock": "seconds of one thread's processor time, judging left out",
        "quality": f"filtered MRR of {N_JUDGED} held-out triples of all relations, both ends",
    }
    result["models"][model] = compare(model)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    told = {k: v for k, v in result["models"][model].items() if k.startswith("allocator")}
    print(model, json.dumps(told))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("side", choices=["plain", "ours", "step", "compare"])
    parser.add_argument("models", nargs="*", default=list(BARS))
    asked = parser.parse_args()
    sides: dict[str, Callable[[str], None]] = {
        "plain": run_plain,
        "ours": run_ours,
        "step": run_step,
        "compare": write,
    }
    for model in asked.models:
        if asked.side == "compare" and not (state_folder() / f"plain-{model}.json").is_file():
            print(f"{model}: the plain loop has not run yet; `plain {model}` does that.")
            continue
        sides[asked.side](model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
