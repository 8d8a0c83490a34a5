"""The map of two runs on the page: where its computation stands, the picture, what it means."""

from __future__ import annotations

import numpy as np
import streamlit as st

from llador_core import jobs
from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.figures import embedding_map, map_layers
from llador_core.figures.embedding_map import MAP_CONFIG, Arrow, Scene
from llador_core.figures.style import ordinal
from llador_core.projection.area import area_text, read_area
from llador_core.projection.geometry import N_NEAREST, UNRELATED
from llador_core.projection.layout import PCA, has_umap
from llador_core.projection.maps import EmbeddingMap
from llador_core.training import runs
from pages._ui import cached, inputs, maps, screen, sentences, show, state
from pages._ui.cached import View
from pages._ui.map_controls import Look, choose_entity
from pages._ui.maps import Found

N_KNOWN = 20
N_OFFERED = 4
PROBLEM = "map_problem"  # why a computation did not start
HONEST = (
    "**Distances in this picture mislead**: {dim} numbers were pressed into two. Size of shift, "
    "kept neighbours and nearness are measured with all {dim}. A part of every shift is chance: "
    "two trainings from different random starts differ, too; to see how much, train a second seed "
    "and compare."
)
HOW = (
    "Both runs are moved to the same middle, scaled to the same size, and the one compared with is "
    "turned onto this one as well as a rigid turn can (orthogonal Procrustes over all entities). "
    "**Size of shift** is the distance that is left: 0 for an entity that stayed, 1 for one that "
    "moved as far as a typical entity stands from the middle, {unrelated:.2f} between two runs "
    "that share nothing. **Neighbours kept**: how many of the {n} nearest entities are the same in "
    "both runs; turnover is 1 minus the Jaccard index of the two sets, so 0 is all kept and 1 all "
    "new. Then both are laid out together, from their first 50 principal components."
)


def show_no_base(view: View) -> None:
    """Say why nothing can be compared, and offer the runs for which it can."""
    st.info(sentences.no_twin(view.run), icon=":material/compare_arrows:")
    finished = [run for run in runs.list_runs(view.run.graph) if run.is_finished]
    with_twin = [run for run in finished if run.prior != "none" and runs.partner(run)]
    usual = runs.default_run(view.run.graph).name
    with_twin.sort(key=lambda run: run.name != usual)
    with st.container(horizontal=True):
        for run in with_twin[:N_OFFERED]:
            st.button(
                inputs.run_label(run),
                key=f"instead-run-{run.name}",
                icon=":material/arrow_forward:",
                on_click=state.choose,
                kwargs={"run": run.name},
            )
    st.markdown(HOW.format(unrelated=UNRELATED, n=N_NEAREST))


def show_state(found: Found) -> None:
    """Say where the computation of a map stands, and offer what can be done."""
    for problem in (found.problem, st.session_state.pop(PROBLEM, "")):
        if problem:
            st.error(markdown(problem), icon=":material/error:")
    if found.is_asked:
        return
    job = jobs.follow(found.job)
    if job.state == "running":
        _follow(found)
        return
    if job.state == "stopped":
        st.warning(markdown(job.problem), icon=":material/error:")
    meanwhile = " Until then, this is the PCA map of the same runs." if found.map else ""
    if found.asked.method == "umap" and not has_umap():
        st.info(
            "UMAP is not installed here: add it with `pip install umap-learn`, or take the PCA "
            f"layout.{meanwhile}",
            icon=":material/extension_off:",
        )
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"This map ({found.asked.words}) of these two runs has not been computed yet."
            f"{meanwhile}",
            width="stretch",
        )
        st.button(
            "Compute it",
            key="compute",
            icon=":material/play_arrow:",
            type="primary",
            on_click=_compute,
            args=(found,),
            help="Takes seconds for PCA, a minute or two for UMAP on a small graph, several for a "
            "large one. The page stays usable, and may be closed.",
        )


def _compute(found: Found) -> None:
    try:
        maps.compute(found)
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


@st.fragment(run_every=1.0)
def _follow(found: Found) -> None:
    """Show the progress of a job until it has ended; then the whole page runs again."""
    job = jobs.follow(found.job)
    if job.state != "running" or (found.map is None and maps.has_pca(found.pair)):
        st.rerun()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.progress(
            job.share, text=f"{job.words} ({found.asked.words}) · {job.seconds:.0f} s so far"
        )
        st.button(
            "Cancel",
            key="cancel",
            icon=":material/stop:",
            on_click=jobs.cancel,
            args=(found.job,),
        )


def scene(view: View, found: EmbeddingMap, look: Look, picked: int | None) -> Scene:
    """Return what the map shows."""
    graph = view.graph
    if look.colour == "Drug class":
        layers = map_layers.layers_by_class(graph, cached.classes(graph.name), look.types)
    elif look.colour == "Size of shift":
        layers = map_layers.layers_by_shift(graph, found.shift, look.types)
    else:
        layers = map_layers.layers_by_type(graph, look.types)
    area = read_area(st.query_params.get("area", ""))
    names = maps.figure_names(graph.name)
    arrows = _arrows(view, look.n_arrows, picked)
    is_zoomed = st.query_params.get("zoom") == "area"
    return Scene(
        found,
        look.places,
        layers,
        arrows,
        names,
        graph.entity_ids,
        area,
        is_zoomed,
        is_narrow=screen.is_narrow(),
    )


def _arrows(view: View, n_arrows: int, picked: int | None) -> list[Arrow]:
    """Return the entities that matter: the disease, its known drugs, who is proposed, who was
    looked for."""
    known = [c for c in view.candidates if c.status in ("known", "held_out")][:N_KNOWN]
    proposed = [c for c in view.candidates if c.status == "new"][:n_arrows]
    arrows = [Arrow(view.disease, view.disease_name, "disease")]
    for kind, some in (("known", known), ("candidate", proposed)):
        for c in some:
            before = "" if c.base_rank is None else f", {ordinal(c.base_rank)} without the prior"
            note = f"{ordinal(c.rank)} in the list{before}"
            is_avoid = kind == "candidate" and c.is_contraindicated
            arrows.append(Arrow(c.entity, c.name, "avoid" if is_avoid else kind, note))  # type: ignore[arg-type]
    if picked is not None:
        arrows = [arrow for arrow in arrows if arrow.entity != picked]
        arrows.append(Arrow(picked, view.graph.entity_names[picked], "picked"))
    return arrows


def show_map(drawn: Scene) -> None:
    """Draw the map; a click or a marked area goes into the address."""
    figure = embedding_map.embedding_map_figure(drawn, height=450 if drawn.is_narrow else 540)
    alt = embedding_map.embedding_map_alt(drawn)
    show.fit_theme(figure)
    st.plotly_chart(
        figure,
        config=MAP_CONFIG,
        alt=plain(alt),
        key="map",
        on_select=lambda: _take_selection(drawn),
        selection_mode=("points", "box", "lasso"),
    )


def show_twin(drawn: Scene) -> None:
    """Offer the arrows of the map as a table."""
    alt = embedding_map.embedding_map_alt(drawn)
    show.show_twin(alt, embedding_map.embedding_map_rows(drawn), "map")


def _take_selection(drawn: Scene) -> None:
    """Put the area that was marked last, or the entity that was clicked, into the address."""
    selection = st.session_state["map"]["selection"]
    corners: list[tuple[float, float]] = []
    for lasso in selection["lasso"]:
        corners = list(zip(lasso["x"], lasso["y"], strict=True))
    for box in selection["box"]:
        (x0, x1), (y0, y1) = box["x"], box["y"]
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    if corners:
        state.choose(area=area_text(corners), list="marked")
    elif selection["points"]:
        point = selection["points"][0]
        entity = embedding_map.entity_at(drawn, point["curve_number"], point["point_index"])
        if entity is not None:
            choose_entity(drawn.ids[entity])


def show_sentence(view: View, found: EmbeddingMap) -> None:
    """Say in one line how much the prior moved, over all and of the disease itself."""
    shift, kept, n = found.shift, found.kept, found.n_nearest
    st.markdown(
        f"Half of all entities moved by more than **{np.median(shift):.2f}** (0 is staying, "
        f"{UNRELATED:.2f} is having nothing in common), and of its {n} nearest neighbours an "
        f"entity keeps **{kept.mean():.1f}** on average. {markdown(view.disease_name)} itself "
        f"moved by **{shift[view.disease]:.2f}** and keeps **{kept[view.disease]}**. All of this "
        f"is measured with all {view.run.dim} numbers: distances in the picture mislead."
    )


def show_method(found: Found, dim: int) -> None:
    """Say what the picture is and what it is not."""
    if found.map is None:
        st.markdown(HOW.format(unrelated=UNRELATED, n=N_NEAREST))
        return
    words = found.asked.words if found.is_asked else PCA.words
    st.caption(f":material/warning: {HONEST.format(dim=dim)}")
    st.caption(
        f"{words} · the two widest directions hold {found.map.explained:.0%} of all variance · "
        f"computed {found.map.created[:10]}",
        help=HOW.format(unrelated=UNRELATED, n=found.map.n_nearest),
    )
