"""Memory and time before a training starts, and the memory that there is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llador_core.__main__ import main
from llador_core.errors import ConfigError
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.training import estimate as module
from llador_core.training.config import make_config
from llador_core.training.estimate import check_fits, estimate_memory
from llador_core.training.memory import available_mb, keep_memory
from llador_core.training.train import dry_run, make_split, train

CPU = torch.device("cpu")
FAST = ["dim=16", "steps=40", "batch_size=64", "n_negatives=16", "validate_every=20"]


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_memory_is_the_least_that_machine_and_groups_leave(tmp_path: Path) -> None:
    assert available_mb(CPU, tmp_path) is None
    write(tmp_path, "proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:    4000000 kB\n")
    assert available_mb(CPU, tmp_path) == pytest.approx(4096)
    group = "sys/fs/cgroup/a/b"
    write(tmp_path, "proc/self/cgroup", "0::/a/b\n")
    write(tmp_path, f"{group}/memory.max", "max\n")
    write(tmp_path, f"{group}/memory.current", "5000000\n")
    write(tmp_path, f"{group}/memory.stat", "anon 4000000\ninactive_file 1000000\n")
    assert available_mb(CPU, tmp_path) == pytest.approx(4096)
    write(tmp_path, f"{group}/memory.max", "104000000\n")
    assert available_mb(CPU, tmp_path) == pytest.approx(100)
    write(tmp_path, "sys/fs/cgroup/a/memory.max", "60000000\n")  # the group around it
    write(tmp_path, "sys/fs/cgroup/a/memory.current", "10000000\n")
    write(tmp_path, "sys/fs/cgroup/a/memory.stat", "inactive_file 0\n")
    assert available_mb(CPU, tmp_path) == pytest.approx(50)


def test_memory_under_version_1_of_control_groups(tmp_path: Path) -> None:
    folder = "sys/fs/cgroup/memory"
    write(tmp_path, f"{folder}/memory.limit_in_bytes", "80000000\n")
    write(tmp_path, f"{folder}/memory.usage_in_bytes", "30000000\n")
    write(tmp_path, f"{folder}/memory.stat", "total_inactive_file 10000000\n")
    assert available_mb(CPU, tmp_path) == pytest.approx(60)


def test_the_memory_of_this_machine_is_known() -> None:
    if sys.platform.startswith("linux"):
        assert available_mb(CPU) > 100
        assert isinstance(keep_memory(), bool)


def test_a_training_that_cannot_fit_is_refused_before_it_starts(
    small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(small, "distmult", "none", settings=FAST)
    needed = estimate_memory(small, config, CPU).on_host_mb
    monkeypatch.setattr(module, "available_mb", lambda _: needed + 1)
    assert check_fits(small, config, CPU).on_host_mb == needed
    monkeypatch.setattr(module, "available_mb", lambda _: needed - 1)
    words = r"needs about 35\d MB of memory, and this machine has 3[45]\d MB free\. Lower dim \(now"
    with pytest.raises(ConfigError, match=words):
        train(small, config, out=tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(module, "available_mb", lambda _: None)  # it cannot be told: try
    assert check_fits(small, config, CPU).on_host_mb == needed


def test_what_a_gpu_holds_is_asked_of_the_gpu(
    small: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(small, "distmult", "none", settings=FAST)
    free = {"cuda": 0.01, "cpu": 1e6}
    monkeypatch.setattr(module, "available_mb", lambda device: free[device.type])
    with pytest.raises(ConfigError, match="this GPU has 0 MB free"):
        check_fits(small, config, torch.device("cuda"))


@pytest.mark.parametrize("optimizer", ["adam", "rowwise-adagrad", "adagrad", "rowwise-adam"])
def test_tables_are_what_they_are_said_to_be(small: Graph, optimizer: str) -> None:
    from llador_core.training.loop import Trainer

    config = make_config(small, "rotate", "none", settings=[*FAST, f"optimizer={optimizer}"])
    trainer = Trainer(small, make_split(small, config), config, None)
    trainer.take(0)
    held = [*trainer.model.state_dict().values()]
    state = trainer.engine.state()
    held += [v for k, v in state.items() if k not in ("generator", "order")]
    if optimizer == "adam":  # gradients and the mixed rows of a step
        held += 2 * list(trainer.model.parameters())
    said = estimate_memory(small, config, CPU).tables_mb
    assert said == pytest.approx(sum(v.numel() * 4 for v in held) / 1e6, rel=0.35, abs=0.06)


@pytest.mark.parametrize("model", INTERACTIONS)
def test_a_dry_run_tells_time_and_leaves_nothing(
    small: Graph, model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    config = make_config(small, model, "none", settings=[*FAST, "optimizer=rowwise-adagrad"])
    found = dry_run(small, config)
    assert found.steps == 40 + 24  # the safeguard's second training
    assert found.seconds >= 0.9 * (found.steps * found.step_ms + 3 * found.validation_ms) / 1000
    assert found.triples_per_s == pytest.approx(64 / found.step_ms * 1000, rel=0.01)
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_the_estimate(small: Graph, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    settings = [f"--set={setting}" for setting in FAST]
    assert main(["train", "--graph=starter", "--dry-run", "--json", *settings]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"].startswith("starter-distmult-none-")
    assert found["memory"]["on_device_mb"] > found["memory"]["tables_mb"] > 0
    assert main(["train", "--graph=starter", "--dry-run", *settings]) == 0
    assert "MB that are free" in capsys.readouterr().out
    assert main(["train", "--graph=starter", "--dry-run", "--device=gpu", *settings]) == 2
    assert "no device named 'gpu'" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_the_estimate_holds_for_a_process_of_its_own(tmp_path: Path) -> None:
    """A graph of 30,000 entities, dim 400: measured peak against what was said."""
    code = """
import sys, numpy as np, torch
from pathlib import Path
from tests.builders import graph_of
from dataclasses import replace
from llador_core.data.splits import split_by_pair
from llador_core.training.config import make_config
from llador_core.training.estimate import estimate_memory
from llador_core.training.loop import Trainer
torch.set_num_threads(1)
n = 30_000
types = {f"e{i}": ("Compound", "Disease")[i % 100 == 0] if i < 5000 else "Gene" for i in range(n)}
draw = np.random.default_rng(0)
graph = graph_of([("e1", "treats", "e0"), ("e1", "binds", "e5001")], types)
ends = [draw.integers(n, size=300_000) for _ in range(2)]
rows = np.column_stack([ends[0], np.ones(300_000), ends[1]])
drugs, diseases = graph.drugs, graph.diseases
treats = [(d, 0, draw.choice(diseases)) for d in draw.choice(drugs, 300)]
graph = replace(graph, triples=np.unique(np.vstack([rows, treats]).astype(np.int32), axis=0))
settings = ["dim=400", "steps=12", "validate_every=6", "batch_size=512", "n_negatives=64"]
config = make_config(graph, "transe", "none", settings=settings)
trainer = Trainer(graph, split_by_pair(graph, 0), config, None)
trainer.train(Path(sys.argv[1]), checkpoint_every=4)
said = estimate_memory(graph, config, torch.device("cpu"))
# not ru_maxrss, which begins with what the process that started this one had
lines = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))
print(config.optimizer, said.on_host_mb, peak)
"""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    optimizer, said, peak = done.stdout.split()
    assert optimizer == "adagrad"
    assert 0.6 < float(said) / float(peak) < 1.7
