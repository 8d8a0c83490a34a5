"""What to train, as the address asks for it and the widgets change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from llador_core.escape import plain
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.priors.anchors import PRIORS
from llador_core.registry import lookup
from llador_core.training.config import RECIPES
from llador_core.training.queue import Asked
from pages._ui import cached, state, train_settings
from pages._ui.train_pick import pick, prior_words

What = Literal["pair", "one", "demo"]
WHATS: Mapping[str, str] = {
    "pair": "Two runs to compare",
    "one": "One run",
    "demo": "Live demo",
}
HELP: Mapping[str, str] = {
    "pair": "Two trainings that differ in their prior alone, so that what is different between "
    "them is what the prior does.",
    "one": "One training; it can then stand beside any other run of its graph.",
    "demo": "The surroundings of one disease become a small graph of their own, and a model is "
    "trained on it without and with the prior while you watch: about a minute on two cores. What "
    "it finds is a taste: trained on the whole graph, a model knows more.",
}
RECIPE_WORDS = {"llador": "ours", "paper": "as in the paper"}
DEFAULTS = {"model": "distmult", "prior": "full", "against": "none", "recipe": "llador"}


@dataclass(frozen=True)
class Choice:
    """What the page is about to train.

    Attributes
    ----------
    what : "pair", "one" or "demo"
    asked : tuple of Asked
        In the order they are trained. For a demo they name the graph that its surroundings are
        taken from.
    max_triples : int
        Of a demo's surroundings; 0 for no demo.
    """

    what: What
    asked: tuple[Asked, ...]
    max_triples: int = 0


def pick_what() -> What:
    """Offer one run, two to compare, or the demo; it is in the address."""
    asked = state.asked("what")
    if asked is None:
        asked = "one" if state.asked("prior") and not state.asked("against") else "pair"
    ways: dict[str, What] = {"pair": "pair", "one": "one", "demo": "demo"}
    what = lookup("what to train", ways, asked)
    st.session_state["train_what"] = what
    st.segmented_control(
        "What to train",
        list(WHATS),
        format_func=WHATS.__getitem__,
        key="train_what",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: state.choose(what=st.session_state["train_what"]),
    )
    st.caption(HELP[what])
    return what


def pick_choice(graph: Graph, what: What) -> Choice:
    """Show the controls of a training and return what they say.

    Raises
    ------
    UnknownNameError, ConfigError
        The address asks for a model, prior, text set or setting that is not there.
    """
    models = {name: spec.title for name, spec in INTERACTIONS.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = pick("model", "Model", models, DEFAULTS["model"], 170)
        priors = _pick_priors(graph, what)
        texts = _pick_texts(graph) if set(priors) != {"none"} else ""
        recipe, size = DEFAULTS["recipe"], 0
        if what == "demo":
            size = train_settings.pick_size()
        else:
            recipe = _pick_recipe()
    first = Asked(graph.name, model, priors[-1], recipe)
    if what == "demo":
        settings, device = train_settings.pick_demo(graph, first), "auto"
    else:
        settings, device = train_settings.pick_settings(graph, first)
    with_texts = (f"texts={texts}",) if texts else ()
    asked = tuple(
        replace(
            first,
            prior=prior,
            settings=(*settings, *(with_texts if prior != "none" else ())),
            device=device,
        )
        for prior in priors
    )
    return Choice(what, asked, size)


def _pick_recipe() -> str:
    return pick(
        "recipe",
        "Recipe",
        {name: RECIPE_WORDS.get(name, name) for name in RECIPES},
        DEFAULTS["recipe"],
        170,
        "Which defaults the settings below start from: ours, or those of the published method.",
    )


def _pick_priors(graph: Graph, what: What) -> tuple[str, ...]:
    """Return the priors to train with, the one compared with first."""
    words = {name: prior_words(graph.name, name) for name in PRIORS}
    help_words = (
        "What a language model wrote about each entity: the model starts from these texts and "
        "stays near them. **Shuffled** and **random** are controls: a prior that does not beat "
        "them is decoration."
    )
    if what == "one":
        return (pick("prior", "Prior", words, DEFAULTS["prior"], 230, help_words),)
    if what == "demo":
        with_prior = {name: label for name, label in words.items() if name != "none"}
        chosen = pick("prior", "Prior", with_prior, DEFAULTS["prior"], 230, help_words)
        return ("none", chosen)
    prior = pick("prior", "Prior", words, DEFAULTS["prior"], 230, help_words)
    against = pick("against", "Compared with", words, DEFAULTS["against"], 230)
    return (against, prior) if against != prior else (prior,)


def _pick_texts(graph: Graph) -> str:
    """Offer the text sets of a graph where there is a choice."""
    found = cached.text_sets(graph.name)
    asked = state.asked("texts") or ""
    if not found and not asked:
        return ""
    words = {"": "the graph's own texts", **{name: plain(name) for name in found}}
    return pick("texts", "Texts", words, "", 230, "Which set of texts the prior is made of.")
