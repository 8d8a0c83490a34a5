"""The part "Check": which held-out answers the texts give away, and what is left without them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.evaluation.metrics import Interval
from llador_core.evaluation.named import pair_rows, share_rows
from llador_core.evaluation.protocols import PROTOCOLS
from llador_core.figures import texts as figures
from llador_core.figures.style import count
from llador_core.priors.anchors import PRIORS
from llador_core.priors.audit import KIND_WORDS, KINDS, PairAudit
from llador_core.training.prior_check import Variant, audited_fields, texts_name, variants
from llador_core.training.runs import RunInfo
from pages._ui import (
    cached,
    exports,
    inputs,
    order,
    priors_audit,
    priors_data,
    priors_mask,
    show,
    state,
)

SHOWN_PROTOCOLS = ("drug-ranking", "sampled-50", "disease-ranking")
METRICS = ("Hits@10", "MRR", "Hits@50", "AUC")
MOST_ROWS = 500


def show_check(graph_name: str) -> None:
    """Show the audit of the run in the address, and its kin beside it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=340):
            inputs.pick_run(graph_name)
        info = state.current_run(graph_name)
        run = cached.run(info)
        order.pick_order(run.weighing)
        protocol = st.segmented_control(
            "Judged by",
            list(SHOWN_PROTOCOLS),
            default=SHOWN_PROTOCOLS[0],
            format_func=lambda name: name.replace("-", " "),
            key="protocol",
            bind="query-params",
            required=True,
            help="  \n".join(
                f"**{n.replace('-', ' ')}** {PROTOCOLS[n].words}" for n in SHOWN_PROTOCOLS
            ),
        )
        metric = st.segmented_control(
            "Metric",
            list(METRICS),
            default=METRICS[0],
            key="metric",
            bind="query-params",
            required=True,
        )
    audit = priors_audit.audit(info)
    _show_share(info, audit)
    _show_beside(info, audit, protocol or SHOWN_PROTOCOLS[0], metric or METRICS[0])
    _show_finds(info, audit)


def _protocol_words(name: str) -> str:
    return f"**{name.replace('-', ' ')}** {PROTOCOLS[name].words}"


def _show_share(info: RunInfo, audit: PairAudit) -> None:
    """Say how many held-out pairs are given away, and by which text."""
    n, n_named = len(audit.drugs), int(audit.is_named.sum())
    st.header("Did the texts simply name the answer?", anchor=False)
    read = audited_fields(cached.run(info))
    of = "this run read" if PRIORS[info.prior].text_fields else "a full prior would read"
    st.markdown(
        f"**{n_named:,} of {count(n, 'held-out pair')} ({n_named / n:.0%})** are named by a text "
        f"that {of} ({_fields(read)}): the text of the drug names the disease, or the other way "
        "round. For those a good rank may be reading, not inferring."
    )
    rows = [_with_label(row) for row in share_rows(audit)]
    left, right = st.columns([7, 5], gap="large")
    with left:
        figure = figures.share_figure(rows)
        show.show_figure(figure, figures.share_alt(rows), _twin(rows), "given-away")
    with right:
        kinds = {kind: audit.n_only_by(kind) for kind in KINDS}
        told = [f"- {KIND_WORDS[kind]}: {n:,}" for kind, n in kinds.items() if n]
        if told:
            st.markdown("Pairs that are named in one way alone, by")
            st.markdown("\n".join(told))
        st.caption(
            "Counted: names and synonyms as whole words, in other spellings, plurals, adjectives, "
            "without salts, in lists that share a word (“breast and ovarian cancer”), and with a "
            "typing error. Of names within longer names only the longest counts. A wider term "
            "(“arthritis”) does not count."
        )


def _fields(fields: tuple[Any, ...]) -> str:
    return ", ".join(f"“{show.FIELD_TITLES[field]}”" for field in fields)


def _with_label(row: dict[str, Any]) -> dict[str, Any]:
    if row["field"] == "any":
        return row | {"label": "Either side, any text"}
    side = "Drug" if "drug" in row["text_of"] else "Disease"
    return row | {"label": f"{side}: {show.FIELD_TITLES[row['field']]}"}


def _twin(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {"label": "text", "n_named": "pairs named", "n_pairs": "pairs", "share": "share"}
    return [{title: row[key] for key, title in names.items()} for row in rows]


def _show_beside(info: RunInfo, audit: PairAudit, protocol: str, metric: str) -> None:
    """Show the run and its kin over all pairs and over those that no text names."""
    st.header("What is left without them?", anchor=False)
    kin = variants(info)
    rows, missing, problems = [], [], []
    for one in kin:
        if one.info is None:
            missing.append(one)
            continue
        try:
            found = priors_audit.judged(one.info, info, protocol, state.current_order())
        except LladorError as error:
            problems.append(str(error))
            continue
        unnamed = found.unnamed[metric] if found.unnamed else None
        named = found.named[metric] if found.named else None
        rows.append(
            {
                "run": _kin_words(one) + (" ◀" if one.info.name == info.name else ""),
                "all": _told(found.all[metric]),
                "not named": _told(unnamed),
                "named": _told(named),
                "name": one.info.name,
                "prior": one.prior,
            }
        )
    n_left = int((~audit.is_named).sum())
    st.markdown(
        f"The same {count(len(audit.drugs), 'pair')} ranked by runs that differ in their prior "
        f"alone, and the **{n_left:,}** of them that no text names. Every pair is ranked among the "
        "same candidates. A prior that does not beat its controls (shuffled, random) is decoration."
    )
    if told := _gain_words(rows, info, metric):
        st.markdown(told)
    words = f"{metric}, {protocol.replace('-', ' ')}"
    left, right = st.columns([7, 5], gap="large")
    with left:
        top = None if metric == "MR" else 1.02
        figure = figures.beside_figure(rows, words, top)
        show.show_figure(figure, figures.beside_alt(rows, words), _flat(rows), "beside")
        for problem in problems:
            st.caption(f":material/error: {markdown(problem)}")
    with right:
        priors_mask.show_missing(info, missing)
        priors_mask.show_masks(info)


def _gain_words(rows: list[dict[str, Any]], info: RunInfo, metric: str) -> str:
    """Say what the prior gains over all pairs, and over those that no text names."""
    own = next((row for row in rows if row["name"] == info.name), None)
    base = next((row for row in rows if row["prior"] == "none"), None)
    if own is None or base is None or own is base or not (own["not named"] and base["not named"]):
        return ""
    gains = [own[part]["value"] - base[part]["value"] for part in ("all", "not named")]
    return (
        f"Against the same model without a prior, this run's {metric} is **{gains[0]:+.2f}** over "
        f"all pairs and **{gains[1]:+.2f}** over those that no text names."
    )


def _kin_words(one: Variant) -> str:
    words = inputs.PRIOR_WORDS.get(one.prior, one.prior)
    return f"{words}, texts {plain(one.texts)}" if one.texts else words


def _told(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _flat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"run": row["run"]}
        | {
            f"{part}{'' if key == 'value' else f' ({key})'}": round(row[part][key], 4)
            for part in ("all", "not named", "named")
            if row[part]
            for key in ("value", "low", "high")
        }
        | {"folder": row["name"]}
        for row in rows
    ]


def _show_finds(info: RunInfo, audit: PairAudit) -> None:
    """List every find with its sentence; a tick opens the pair."""
    st.header("Every find, with its sentence", anchor=False)
    graph = cached.graph(info.graph)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.segmented_control(
            "Pairs",
            ["Named", "Not named"],
            default="Named",
            key="named",
            bind="query-params",
            required=True,
        )
        how = st.pills(
            "Named by",
            [KIND_WORDS[kind] for kind in KINDS],
            selection_mode="multi",
            key="how",
            bind="query-params",
            disabled=which == "Not named",
        )
        query = st.text_input("Drug, disease or words", key="find", bind="query-params", width=260)
    all_rows = pair_rows(graph, audit)
    rows = [row for row in all_rows if row["is_named"] is (which == "Named")]
    if how and which == "Named":
        rows = [row for row in rows if KIND_WORDS[row["how"]] in how]
    if wanted := (query or "").strip().casefold():
        rows = [
            r
            for r in rows
            if wanted in f"{r['drug']} {r['disease']} {r.get('sentence', '')}".casefold()
        ]
    if not rows:
        st.info("No pair passes these filters.", icon=":material/filter_alt:")
        return
    st.dataframe(
        [_find_row(row) for row in rows[:MOST_ROWS]],
        hide_index=True,
        alt="Held-out pairs and the sentences that name them",
        column_config={
            "Sentence": st.column_config.TextColumn(width=560),
            "Pair": st.column_config.LinkColumn(
                width=70, display_text="Open", help="Why this drug? opens with the pair."
            ),
        },
    )
    cut = f", the first {MOST_ROWS:,} shown" if len(rows) > MOST_ROWS else ""
    st.caption(f"{count(len(rows), 'row')}{cut}.")
    exports.offer(rows, "given-away-pairs", "Held-out pairs and the sentences that name them")
    texts = priors_data.texts_of(info.graph, texts_name(info))
    if texts is not None:
        show.show_provenance(texts.provenance)


def _find_row(row: dict[str, Any]) -> dict[str, str]:
    found = {"Drug": plain(row["drug"]), "Disease": plain(row["disease"])}
    if row["is_named"]:
        found |= {
            "Text of": row["text_of"],
            "Field": show.FIELD_TITLES[row["field"]],
            "By": KIND_WORDS[row["how"]],
            "Words": plain(row["words"]),
            "Sentence": plain(row["sentence"]),
        }
    asked = {"drug": row["drug_id"], "disease": row["disease_id"]}
    return found | {"Pair": f"/pair?{urlencode(state.link(**asked))}"}
