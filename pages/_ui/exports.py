"""Any table of a page as a file, with the notice and with what the page was looking at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from llador_core import tables_out
from llador_core.errors import LladorError
from pages._ui import cached, state


def offer(rows: Sequence[Mapping[str, Any]], key: str, what: str) -> None:
    """Offer rows as CSV and as JSON.

    Parameters
    ----------
    rows : sequence of mapping
    key : str
        Of the table; names the files.
    what : str
        What the rows are, in a sentence.
    """
    whence = [("table", what), *provenance()]
    files: tuple[tuple[str, str, str, Callable[..., str]], ...] = (
        ("CSV", "text/csv", ":material/download:", tables_out.to_csv),
        ("JSON", "application/json", ":material/data_object:", tables_out.to_json),
    )
    with st.container(horizontal=True, gap="small"):
        for label, mime, icon, make in files:
            st.download_button(
                label,
                data=lambda make=make: make(rows, whence),
                file_name=tables_out.file_name(key, ending=label.lower()),
                mime=mime,
                icon=icon,
                type="tertiary",
                on_click="ignore",
                key=f"{key}-{label}",
                help=f"This table as {label}, with graph, run, address and notice.",
            )


def provenance() -> list[tuple[str, str]]:
    """Return what the address asks for, as far as it can be told: graph, run, and the address."""
    found: list[tuple[str, str]] = []
    with suppress(LladorError):
        name = state.current_graph_name()
        graph = cached.graph(name)
        found += [
            ("graph", f"{graph.title or graph.name}, {graph.licence}"),
            ("graph checksum", graph.checksum),
        ]
        run = state.current_run(name)
        found += [
            ("run", run.name),
            ("model", f"{run.model}, recipe {run.recipe}, dim {run.dim}, seed {run.seed}"),
            ("prior", "not known, trained elsewhere" if run.is_imported else run.prior),
            ("trained", run.created),
        ]
    path = urlsplit(st.context.url or "").path or "/"
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    return [
        *found,
        ("address", f"{path}?{urlencode(params, doseq=True)}"),
        ("exported", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("scores and ranks", "of a model, comparable within one list; no probability"),
    ]
