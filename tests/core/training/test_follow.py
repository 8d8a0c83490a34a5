"""The curve of a training is read as it should be, whatever its file has been through."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from llador_core.figures.training import (
    Series,
    loss_figure,
    training_alt,
    training_rows,
    validation_figure,
)
from llador_core.training.follow import MOST_POINTS, Curve


def told(step: int, mrr: float = 0.5, **more: object) -> str:
    return json.dumps({"step": step, "steps": 90, "loss": 1.0, "valid_mrr": mrr, **more}) + "\n"


def write(folder: Path, text: str, mode: str = "w") -> None:
    with (folder / "progress.jsonl").open(mode) as file:
        file.write(text)


def test_only_what_is_new_is_read_and_a_line_being_written_waits(tmp_path: Path) -> None:
    curve = Curve()
    assert curve.update(tmp_path).last is None
    write(tmp_path, told(1) + told(2) + told(3)[:9])
    assert [p.step for p in curve.update(tmp_path).points] == [1, 2]
    write(tmp_path, told(3)[9:] + "nonsense\n" + told(4), "a")
    assert [p.step for p in curve.update(tmp_path).points] == [1, 2, 3, 4]
    assert curve.n_passed_over == 1
    write(tmp_path, told(2, 0.7), "a")  # killed, and gone on from the checkpoint at step 1
    assert [(p.step, p.valid_mrr) for p in curve.update(tmp_path).points] == [(1, 0.5), (2, 0.7)]
    (tmp_path / "progress.jsonl").unlink()
    write(tmp_path, told(1))
    assert [p.step for p in curve.update(tmp_path).points] == [1], "started anew"


def test_a_line_without_a_validation_has_no_mrr(tmp_path: Path) -> None:
    write(tmp_path, told(1, float("nan")) + told(2, is_validated=False) + told(3, 0.4))
    assert [p.valid_mrr for p in Curve().update(tmp_path).points] == [None, None, 0.4]


@settings(max_examples=15)
@given(n=st.integers(1, 3 * MOST_POINTS), chunk=st.integers(50, 900))
def test_a_long_training_keeps_a_bounded_curve_with_its_end(n: int, chunk: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, curve = Path(name), Curve()
        lines = [told(i, is_validated=i % 10 == 0) for i in range(n)]
        for start in range(0, n, chunk):
            write(folder, "".join(lines[start : start + chunk]), "a")
            curve.update(folder)
            steps = [p.step for p in curve.points]
            assert len(steps) <= MOST_POINTS + 1
            assert steps == sorted(set(steps))
            assert steps[-1] == min(start + chunk, n) - 1


def test_figure_table_and_words_say_the_same(tmp_path: Path) -> None:
    write(tmp_path, told(30, 0.2) + told(60, 0.4, is_validated=False) + told(90, 0.3))
    series = [Series("full {b} prior", "full", tuple(Curve().update(tmp_path).points))]
    [drawn] = validation_figure(series)["series"]
    assert "{b}" not in drawn["name"], "it would be a template"
    assert drawn["data"] == [[30, 0.2], [90, 0.3]]
    [drawn] = loss_figure(series)["series"]
    assert drawn["data"] == [[30, 1], [60, 1], [90, 1]]
    assert [row["Validation MRR"] for row in training_rows(series)] == [0.2, None, 0.3]
    assert "step 90 of 90" in training_alt(series)
    assert "validation MRR 0.300 (best 0.300)" in training_alt(series)
    two = [series[0], Series("no prior", "none", series[0].points)]
    looks = [(d["itemStyle"]["color"], d["symbol"]) for d in validation_figure(two)["series"]]
    assert len({colour for colour, _ in looks}) == len({mark for _, mark in looks}) == 2
    assert training_alt([]) == "No step has been reported yet."
