"""Commands on texts: `embed`, `sets`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING

from llador_core.cli.output import AddCommand, Arguments, bar, positive, print_json, print_table

if TYPE_CHECKING:
    from llador_core.graph import Graph
    from llador_core.priors.publish import Policy


def add(command: AddCommand) -> None:
    """Add the commands of this file to the parser."""
    one = command("embed", _embed, "Compute text vectors of a graph.")
    one.add_argument("--graph", required=True)
    one.add_argument("--texts", default="", metavar="SET", help="default: the graph's own texts")
    one.add_argument(
        "--embedder",
        help="all-MiniLM-L6-v2 (default if installed), tfidf, openai:MODEL, st:NAME or a folder",
    )
    one.add_argument(
        "--dimensions", type=positive, help="width of a vector, where it can be chosen"
    )
    one.add_argument("--base-url", help="of the service of openai:MODEL")
    one.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # inherited from a page

    one = command("sets", _sets, "Text sets of a graph, and what was asked for them.")
    one.add_argument("--graph", default="starter")
    one.add_argument("--publish", metavar="SET", help="write its texts anew, with all reviews")
    one.add_argument("--reviewed", action="store_true", help="publish only what a person reviewed")
    one.add_argument("--of", metavar="SET", help="publish the texts of another set, with reviews")
    one.add_argument("--json", action="store_true")


def _embed(arguments: Arguments) -> None:
    from llador_core import jobs
    from llador_core.data import load_graph
    from llador_core.priors.embedders import TFIDF, best_installed, choose
    from llador_core.priors.places import slug
    from llador_core.priors.vectors import make_vectors

    graph = load_graph(arguments.graph)
    name = arguments.embedder or best_installed()
    if arguments.embedder is None and name == TFIDF:
        print("No sentence model is installed: TF-IDF stands in.", file=sys.stderr)
    choice = choose(name, arguments.dimensions, arguments.base_url)
    if choice.kind == "service":
        print(_cost_words(graph, arguments.texts, choice.model), file=sys.stderr)
    job = f"embed-{slug(graph.name)}-{slug(arguments.texts or 'own')}-{slug(choice.name)}"
    show = bar("texts")
    with jobs.reporting(job, arguments.lock) as report:

        def told(done: int, total: int) -> None:
            report(0.99 * done / max(total, 1), f"{done:,} of {total:,} texts")
            show(done, total)

        path = make_vectors(graph, embedder=choice, progress=told, texts=arguments.texts)
    print(f"Wrote {path}.", file=sys.stderr)


def _cost_words(graph: Graph, texts: str, model: str) -> str:
    """Return what vectors by a service take at most; texts embedded before cost nothing again."""
    from llador_core.priors.plan import CHARS_PER_TOKEN
    from llador_core.priors.prices import find_price, user_file
    from llador_core.priors.vectors import written

    words = {text for column in written(graph, texts).values() for text in column if text}
    n_tokens = round(sum(map(len, words)) / CHARS_PER_TOKEN)
    price = find_price(model)
    if price is None:
        cost = f"cost unknown: add the price of '{model}' to {user_file()}"
    else:
        cost = f"about ${price.cost(n_tokens, 0):,.2f}"
    return f"{len(words):,} different texts, about {n_tokens:,} tokens, {cost}."


def _sets(arguments: Arguments) -> None:
    from llador_core.data import load_graph
    from llador_core.priors.publish import publish
    from llador_core.priors.sets import list_sets
    from llador_core.priors.tallies import tallies

    graph = load_graph(arguments.graph)
    if arguments.publish:
        policy: Policy = "reviewed" if arguments.reviewed else "all"
        print(publish(graph, arguments.publish, policy, arguments.of).words, file=sys.stderr)
    counted = {tally.definition: tally for tally in tallies(graph.name)}
    sets = list_sets(graph)
    if arguments.json:
        print_json([dataclasses.asdict(s) for s in sets])
        return
    rows = []
    for one in sets:
        tally = counted.get(one.definition) if one.definition else None
        asked = "" if tally is None else ", ".join(f"{n:,} {s}" for s, n in tally.counts.items())
        cost = "" if tally is None else f"${tally.cost_usd:,.2f}"
        if tally is not None and tally.n_unpriced:
            cost = f"{cost} and unknown" if tally.cost_usd else "unknown"
        told = one.provenance
        rows.append(
            [
                one.name or "(own)",
                told.model if told else one.definition.model if one.definition else "-",
                told.date if told else "not published",
                asked.replace("_", " "),
                cost,
            ]
        )
    print_table(["set", "model", "date", "asked", "cost"], rows)
