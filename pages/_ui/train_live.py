"""What a training shows while it runs, and what came of it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from llador_core import paths
from llador_core.escape import markdown, plain
from llador_core.figures.training import (
    Series,
    loss_figure,
    training_alt,
    training_rows,
    validation_figure,
)
from llador_core.training.follow import Curve, Point
from llador_core.training.queue import TrainingJob
from pages._ui import frame, show, state
from pages._ui.train_pick import prior_words

# A second, shorter training and the judgement follow: so much of the time of the first.
AFTERWARDS = 0.8
TRAINING_SHARE = 0.55
HEIGHT = 270
STEP_OF_WHAT_MOVED = 4  # of the case study: where a run stands beside another
MISSING = "—"


def share(job: TrainingJob, last: Point | None) -> float:
    """Return how much of a training is done, from 0 to 1; while it is judged, by the clock."""
    done = job.job.share
    if last is None or done < TRAINING_SHARE - 1e-6 or not math.isfinite(last.seconds):
        return done
    since = max(time.time() - job.job.time, 0.0)
    rest = max(AFTERWARDS * last.seconds, 1.0)
    return min(0.99, TRAINING_SHARE + (1 - TRAINING_SHARE) * min(since / rest, 1.0))


def left_words(job: TrainingJob, last: Point | None) -> str:
    """Return how long a training will still take, as far as can be told."""
    if last is None or not math.isfinite(last.seconds):
        return "time left not known yet"
    if job.job.share >= TRAINING_SHARE - 1e-6:
        left = AFTERWARDS * last.seconds - (time.time() - job.job.time)
    else:
        to_last_step = _to_last_step(last)
        if not math.isfinite(to_last_step):
            return "time left not known yet"
        left = to_last_step + AFTERWARDS * (last.seconds + to_last_step)
    return f"about {duration(left)} left" if left >= 1 else "nearly done"


def _to_last_step(last: Point) -> float:
    if math.isfinite(last.eta_s):
        return last.eta_s
    return (
        last.seconds * (last.steps - last.step) / last.step
        if last.step and last.steps
        else math.nan
    )


def duration(seconds: float) -> str:
    """Return 45 s, 3 min or 2.5 h."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def show_now(curve: Curve) -> None:
    """Show the latest numbers of a training at work."""
    last = curve.last
    if last is None:
        st.caption("Reading the graph and its texts; the first steps come in a few seconds.")
        return
    mrr = curve.validations[-1].valid_mrr if curve.validations else None
    cells = {
        "Step": f"{last.step:,}" + (f" of {last.steps:,}" if last.steps else ""),
        "Loss": _number(last.loss),
        "Validation MRR": MISSING if mrr is None else f"{mrr:.3f}",
        "Triples a second": f"{last.triples_per_s:,.0f}"
        if math.isfinite(last.triples_per_s)
        else MISSING,
        "Time so far": duration(last.seconds) if math.isfinite(last.seconds) else MISSING,
    }
    if last.device_memory_mb:
        cells["GPU memory"] = f"{last.device_memory_mb / 1000:.1f} GB"
    with st.container(horizontal=True):
        for name, value in cells.items():
            st.metric(name, value, width="content")


def show_curves(
    key: str, members: Sequence[TrainingJob], curves: Mapping[str, Curve], labels: Sequence[str]
) -> None:
    """Draw validation and loss of trainings that belong together, with their table."""
    named = zip(members, labels, strict=True)
    series = [Series(label, job.prior, tuple(curves[job.name].points)) for job, label in named]
    series = [one for one in series if one.points]
    if not series:
        return
    alt = training_alt(series)
    left, right = st.columns(2)
    is_dark = show.is_dark()
    for column, figure, name in (
        (left, validation_figure(series, is_dark=is_dark), "Validation"),
        (right, loss_figure(series, is_dark=is_dark), "Loss"),
    ):
        column.echarts_chart(
            figure, height=HEIGHT, key=f"{name}-{key}", alt=f"{name} over steps. {plain(alt)}"
        )
    show.show_twin(alt, training_rows(series), f"training-{key}")


def show_results(members: Sequence[TrainingJob]) -> None:
    """Show what finished trainings found, and lead to what they are for."""
    done = [job for job in members if job.state == "done" and _metrics(job)]
    if not done:
        return
    if all(not job.is_active for job in members):
        rows = [_result(job) for job in done]
        if len(done) > 1:
            st.markdown(_sentence(done[0], done[-1]))
        st.dataframe(rows, hide_index=True, alt="Hidden known drugs found by each run.")
    with st.container(horizontal=True):
        for place, job in enumerate(done):
            _links(job, done[0] if place else None)


def _links(job: TrainingJob, base: TrainingJob | None) -> None:
    """Lead to the pages that show a run; `base` is the one it was trained to be compared with."""
    own_graph = None if job.graph == state.DEFAULT_GRAPH else job.graph
    params = {"graph": own_graph, "run": job.run, "disease": job.disease or None, "drug": None}
    if job.graph != state.asked("graph") and not job.disease:
        params["disease"] = None
    kept = {name: value for name, value in state.link(**params).items() if name != "step"}
    words = _short(job)
    if base is not None:
        kept["step"] = str(STEP_OF_WHAT_MOVED)
    st.page_link(
        frame.CASE_STUDY,
        label=f"Case study: {words}" if base is None else f"Case study: {words} against the other",
        icon=":material/auto_stories:",
        query_params=kept,
    )
    if base is not None:
        st.page_link(
            frame.RUNS,
            label="Compare them pair by pair",
            icon=":material/difference:",
            query_params={"graph": job.graph, "picked": [job.run, base.run]},
        )
    if base is not None and base.model == job.model:
        st.page_link(
            frame.EMBEDDING_SHIFT,
            label="What moved between them",
            icon=":material/scatter_plot:",
            query_params=kept | {"base": base.run},
        )


def _short(job: TrainingJob) -> str:
    return prior_words(job.graph, job.prior)


def _sentence(first: TrainingJob, second: TrainingJob) -> str:
    metric = "Hits@10"
    before, after = (_interval(job, metric) for job in (first, second))
    return (
        f"Among the first 10 drugs stand **{after['value']:.0%}** of the hidden known treatments "
        f"with {markdown(_short(second))}, **{before['value']:.0%}** with "
        f"{markdown(_short(first))}."
    )


def _result(job: TrainingJob) -> dict[str, Any]:
    told: dict[str, Any] = {"Run": plain(_short(job))}
    for metric in ("MRR", "Hits@10", "Hits@50"):
        found = _interval(job, metric)
        told[metric] = f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
    told["Hidden pairs"] = _metrics(job)["run"]["drug-ranking"]["n_pairs"]
    told["Time"] = _time(job)
    return told


def _time(job: TrainingJob) -> str:
    """Return how long a run was computed for, without the time it stood in line."""
    file = paths.home() / "runs" / job.run / "run.json"
    try:
        record = _read(str(file), file.stat().st_mtime_ns)
        return duration(float(record["seconds"]) + float(record.get("safeguard_seconds", 0)))
    except (OSError, ValueError, KeyError, TypeError):
        return MISSING


def _interval(job: TrainingJob, metric: str) -> dict[str, float]:
    found: dict[str, float] = _metrics(job)["run"]["drug-ranking"]["metrics"][metric]
    return found


def _metrics(job: TrainingJob) -> dict[str, Any]:
    """Return what a finished run's metrics.json holds, {} where it was deleted or moved."""
    file = paths.home() / "runs" / job.run / "metrics.json"
    try:
        return _read(str(file), file.stat().st_mtime_ns)
    except (OSError, ValueError):
        return {}


@st.cache_data(max_entries=100, show_spinner=False)
def _read(path: str, stamp: int) -> dict[str, Any]:  # noqa: ARG001  the stamp is part of the key
    found: dict[str, Any] = json.loads(Path(path).read_text("utf-8"))
    return found


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else MISSING
