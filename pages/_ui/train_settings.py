"""The numbers of a training: a few with what they do, all others as key=value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.training import plan, subgraph
from llador_core.training.config import TrainConfig
from llador_core.training.queue import DEVICES, Asked
from pages._ui import state
from pages._ui.train_pick import DEVICE_WORDS, pick

MAX_WRITTEN = 4_000  # characters of the text area


@dataclass(frozen=True)
class Number:
    """A setting with a box of its own."""

    label: str
    low: float
    high: float
    step: float
    help: str


NUMBERS: Mapping[str, Number] = {
    "dim": Number(
        "Width",
        8,
        4096,
        16,
        "Numbers in an entity's vector (`dim`). Wider tells more apart, costs time and memory in "
        "proportion, and learns few treatments by heart.",
    ),
    "steps": Number(
        "Steps",
        1,
        100_000_000,
        100,
        "Batches to learn from, at most (`steps`). Training stops earlier when validation gets "
        "clearly worse.",
    ),
    "n_negatives": Number(
        "Negatives",
        1,
        100_000,
        32,
        "Wrong answers that each right one is held against (`n_negatives`). More is a sharper but "
        "slower lesson.",
    ),
    "mix": Number(
        "Mix",
        0.0,
        1.0,
        0.1,
        "Share of the free, trained part in an entity's vector (`mix`): 0 is the text alone, 1 the "
        "graph alone. Nothing without a prior.",
    ),
    "pull": Number(
        "Pull",
        0.0,
        1000.0,
        0.1,
        "How strongly the trained part is held near the text (`pull`). Nothing without a prior.",
    ),
    "seed": Number(
        "Seed",
        0,
        2**31,
        1,
        "Of chance at the start and in sampling (`seed`). Another seed shows how much of a "
        "difference is chance.",
    ),
}
SPLIT_WORDS = {
    "pair": "drug-disease pairs",
    "disease": "all treatments of some diseases",
    "drug": "all uses of some drugs",
}
SIZES = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
# Of a live demo: enough to see what the prior does, and a curve with many points. Distances cost
# several times what products do.
DEMO = ("steps=600", "validate_every=30")
DEMO_OF_DISTANCES = ("steps=300", "validate_every=15")


def pick_settings(graph: Graph, asked: Asked) -> tuple[tuple[str, ...], str]:
    """Show the settings; return those that differ from the recipe as "key=value", and the device.

    Raises ConfigError for a setting that is unknown or out of range.
    """
    usual = asked.config(graph)
    changed: list[str] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, number in NUMBERS.items():
            value = _pick_number(name, number, getattr(usual, name))
            changed += [f"{name}={value}"] if value is not None else []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = pick(
            "split",
            "Held out to judge it",
            SPLIT_WORDS,
            "pair",
            250,
            "What training does not see, so that the list can be judged by it. Whole diseases or "
            "drugs is the harder question: what does it say of one nobody has a treatment for?",
        )
        changed += [f"split={split}"] if split != "pair" else []
        device = pick("device", "Computed on", {d: DEVICE_WORDS[d] for d in DEVICES}, "auto", 210)
    box, lines = _written()
    changed += lines
    found = replace(asked, settings=tuple(changed)).config(graph)
    _show_all(box, found, usual)
    return tuple(changed), device


def pick_demo(graph: Graph, asked: Asked) -> tuple[str, ...]:
    """Show what can be chosen of a live demo; return its settings. Raises as `pick_settings`."""
    is_distance = INTERACTIONS[asked.model].is_distance
    settings = DEMO_OF_DISTANCES if is_distance else DEMO
    usual = replace(asked, settings=settings).config(graph)
    box, lines = _written()
    settings = (*settings, *lines)
    _show_all(box, replace(asked, settings=settings).config(graph), usual)
    return settings


def pick_size() -> int:
    """Offer how many triples the surroundings may have; return it."""
    words = {str(size): f"up to {size:,} triples" for size in SIZES}
    usual = str(subgraph.MAX_TRIPLES)
    help_words = "More takes longer and comes nearer to what the whole graph would say."
    return int(pick("size", "Surroundings", words, usual, 200, help_words))


def _pick_number(name: str, number: Number, usual: float) -> str | None:
    """Return a setting as it stands in the address, None where the recipe's own is wanted."""
    raw = state.asked(name)
    kind = type(usual)
    value = _read(raw, kind)
    is_possible = value is not None and number.low <= value <= number.high
    key = f"train_{name}"
    st.session_state[key] = value if is_possible else None
    st.number_input(
        number.label,
        min_value=kind(number.low),
        max_value=kind(number.high),
        step=kind(number.step),
        value=None,
        placeholder=f"{usual:g}",
        key=key,
        width=125,
        help=f"{number.help} Empty: {usual:g}, the recipe's own.",
        on_change=lambda: state.choose(**{name: st.session_state[key]}),
    )
    return raw or None


def _read(raw: str | None, kind: type) -> Any:
    try:
        return None if raw is None else kind(raw)
    except ValueError:
        return None


def _written() -> tuple[Any, list[str]]:
    """Offer every other setting as lines of key=value; return their box and the lines."""
    box = st.expander("All settings", icon=":material/tune:", key="train_all", on_change="rerun")
    with box:
        st.session_state["train_set"] = state.asked("set") or ""
        st.text_area(
            "Further settings, one key=value in a line",
            key="train_set",
            placeholder="margin=9\nloss=cross_entropy",
            max_chars=MAX_WRITTEN,
            height=110,
            on_change=lambda: state.choose(set=st.session_state["train_set"].strip() or None),
            help="As after `--set` of the command line. They win over the boxes above.",
        )
    lines = (state.asked("set") or "")[:MAX_WRITTEN].splitlines()
    return box, [line.strip() for line in lines if line.strip()]


def _show_all(box: Any, found: TrainConfig, usual: TrainConfig) -> None:
    """List every setting with its value and what it means."""
    if not box.open:
        return
    said = plan.meanings()
    rows = [
        {
            "Setting": name,
            "Value": _words(value),
            "Recipe": _words(getattr(usual, name)),
            "Meaning": said.get(name, ""),
        }
        for name, value in vars(found).items()
    ]
    box.dataframe(rows, hide_index=True, height=320, alt="All settings of this training.")


def _words(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
