"""A training step beside two other trainings: as we run it, and as PyTorch does by itself.

    LLADOR_RAW=... python benchmarks/busy_machine.py

The neighbours are trainings of RotatE on the built-in graph, one for each core, each with one
thread. Beside them, and without them, the median step is measured by `train --dry-run` in fresh
processes: with our choice of threads, and with all threads waiting as the system has them wait
(GOMP_SPINCOUNT unset, as many threads as cores). Prints a table and writes
benchmarks/results/busy_machine.json.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))  # run as a script, from any folder

from benchmarks.machine import commit, machine, processor, today  # noqa: E402

RESULT = REPOSITORY / "benchmarks" / "results" / "busy_machine.json"
CASES = (("starter", "distmult"), ("starter", "rotate"), ("hetionet", "distmult"))
N_REPEATS = 3
WARM_S = 20.0
ASKED = """
import sys
sys.path.insert(0, {repository!r})
import os
import llador_core
if {as_is}:
    del os.environ["GOMP_SPINCOUNT"]
    from llador_core.training import threads
    threads.PER_THREAD = 1
from llador_core.__main__ import main
sys.exit(main(["train", "--graph", {graph!r}, "--model", {model!r}, "--prior", "none",
               "--dry-run", "--json"]))
"""


def step_ms(graph: str, model: str, as_is: bool) -> float:
    """Return the median milliseconds of a step in a fresh process."""
    code = ASKED.format(repository=str(REPOSITORY), as_is=as_is, graph=graph, model=model)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["step_ms"])


@contextmanager
def neighbours(home: str) -> Iterator[None]:
    """Have a training run on each core, in one session of their own, as a study's would."""
    train = f"{shlex.quote(sys.executable)} -m llador_core train --graph starter --model rotate"
    train += " --prior full --set steps=1000000 --seed"
    lines = [f"{train} {seed} &" for seed in range(os.cpu_count() or 1)]
    study = subprocess.Popen(
        ["sh", "-c", " ".join([*lines, "wait"])],
        cwd=REPOSITORY,
        env={**os.environ, "LLADOR_HOME": home, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        time.sleep(WARM_S)
        yield
    finally:
        os.killpg(study.pid, signal.SIGKILL)
        study.wait()


def measure() -> dict[str, Any]:
    """Return the median step of every case, in milliseconds."""
    return {
        f"{graph} {model}": {
            name: round(
                statistics.median(step_ms(graph, model, as_is) for _ in range(N_REPEATS)), 2
            )
            for name, as_is in (("ours", False), ("as PyTorch does", True))
        }
        for graph, model in CASES
    }


def main() -> int:
    result: dict[str, Any] = {
        "date": today(),
        "processor": processor(),
        "machine": machine(),
        "commit": commit(),
        "load_before": round(os.getloadavg()[0], 2),
        "idle": measure(),
    }
    with tempfile.TemporaryDirectory() as home, neighbours(home):
        result["busy"] = measure()
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    for when in ("idle", "busy"):
        for case, found in result[when].items():
            ours, other = found["ours"], found["as PyTorch does"]
            print(f"{when:5} {case:20} {ours:8.1f} ms  {other:8.1f} ms  {other / ours:5.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
