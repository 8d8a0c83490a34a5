"""The command `describe`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING, Any

from llador_core.cli.output import AddCommand, Arguments, positive, print_json

if TYPE_CHECKING:
    from llador_core.graph import Graph
    from llador_core.priors.describe import Outcome
    from llador_core.priors.endpoint import Endpoint
    from llador_core.priors.plan import Ask, Plan
    from llador_core.priors.publish import Published


def add(command: AddCommand) -> None:
    """Add the command to the parser."""
    one = command("describe", _describe, "Let a language model describe a graph's entities.")
    _add_question(one)
    _add_limits(one)
    one.add_argument("--dry-run", action="store_true", help="only say what it would take")
    one.add_argument("--yes", action="store_true", help="do not ask before paying")
    one.add_argument(
        "--batch", action="store_true", help="hand in to the batch endpoint, or collect"
    )
    one.add_argument("--json", action="store_true")
    one.add_argument("--lock", type=int, help=argparse.SUPPRESS)  # inherited from a page


def _add_question(one: argparse.ArgumentParser) -> None:
    one.add_argument("--graph", required=True, help="registered name or folder")
    one.add_argument(
        "--prompt", default="good", help="none, original, good, structured or your own"
    )
    one.add_argument("--model", default="gpt-4o-mini", help="as the service calls it")
    one.add_argument("--base-url", help="of any OpenAI-compatible service; default: OpenAI's")
    one.add_argument(
        "--temperature", default="0.7", help="0 to 2, or 'default' for the model's own"
    )
    one.add_argument("--max-tokens", type=positive, help="of an answer; default: the prompt's")
    one.add_argument("--set", dest="text_set", metavar="NAME", help="default: prompt and model")
    one.add_argument("--types", default="", help="only these, separated by commas")
    one.add_argument("--around", metavar="DISEASE", help="only its surroundings")
    one.add_argument("--hops", type=int, default=1, help="how far around (default 1)")
    one.add_argument("--limit", type=positive, help="the first so many; drugs and diseases first")
    one.add_argument(
        "--retry",
        default="",
        metavar="STATUS,...",
        help="ask again: refused, empty, too_long, wrong_language, malformed (failed always)",
    )


def _add_limits(one: argparse.ArgumentParser) -> None:
    one.add_argument("--budget-usd", type=float, metavar="X", help="spend at most so much")
    one.add_argument("--budget-tokens", type=positive, metavar="N", help="use at most so many")
    one.add_argument("--concurrency", type=positive, default=8, help="requests at a time (8)")
    one.add_argument("--rate", type=float, metavar="RPM", help="requests a minute at most")
    one.add_argument("--timeout", type=float, default=60.0, help="seconds for an answer (60)")


def _describe(arguments: Arguments) -> None:
    from llador_core import jobs
    from llador_core.data import load_graph
    from llador_core.priors.endpoint import check_url, find_endpoint
    from llador_core.priors.plan import make_plan, plan_words
    from llador_core.priors.sets import define

    if arguments.base_url:
        check_url(arguments.base_url)  # a dry run, too, should not promise what cannot be
    graph = load_graph(arguments.graph)
    plan = make_plan(graph, _ask(arguments))
    words = plan_words(plan, arguments.batch)
    if arguments.dry_run:
        print_json(_plan_json(plan)) if arguments.json else print("\n".join(words))
        return
    print("\n".join(words), file=sys.stderr)
    if not plan.todo and not arguments.batch:
        define(graph, plan.text_set, plan.definition)
        _finish(arguments, graph, plan, None, _note_and_publish(graph, plan))
        return
    endpoint = find_endpoint(arguments.base_url, arguments.timeout)
    if not arguments.batch and not _agreed(arguments, plan):
        print("Nothing was asked.", file=sys.stderr)
        return
    define(graph, plan.text_set, plan.definition)
    with jobs.reporting(job_name(graph.name, plan.text_set), arguments.lock) as report:
        if arguments.batch:
            _batch(arguments, graph, plan, endpoint)
            return
        _run(arguments, graph, plan, endpoint, report)


def job_name(graph_name: str, text_set: str) -> str:
    """Return the name of the job that describes a set."""
    from llador_core.priors.places import slug

    return f"describe-{slug(graph_name)}-{text_set}"


def _run(arguments: Arguments, graph: Graph, plan: Plan, endpoint: Endpoint, report: Any) -> None:
    from llador_core.errors import ProviderError
    from llador_core.priors.describe import check, describe

    show = _line()

    def told(share: float, words: str) -> None:
        report(share, words)
        show(words)

    try:
        outcome = describe(graph, plan, endpoint, told)
    except KeyboardInterrupt:
        raise ProviderError(
            "Interrupted.", "Every answer that came is saved; the same command goes on from here."
        ) from None
    finally:
        print(file=sys.stderr)
    published = _note_and_publish(graph, plan)
    check(outcome)
    _finish(arguments, graph, plan, outcome, published)


def _ask(arguments: Arguments) -> Ask:
    from llador_core.errors import ConfigError
    from llador_core.priors.plan import Ask

    try:
        is_default = arguments.temperature == "default"
        temperature = None if is_default else float(arguments.temperature)
    except ValueError:
        raise ConfigError(
            f"--temperature is a number from 0 to 2, or 'default', not '{arguments.temperature}'."
        ) from None
    return Ask(
        prompt=arguments.prompt,
        model=arguments.model,
        temperature=temperature,
        max_tokens=arguments.max_tokens,
        types=_parts(arguments.types),
        around=arguments.around,
        hops=arguments.hops,
        limit=arguments.limit,
        text_set=arguments.text_set,
        retry=_parts(arguments.retry),  # type: ignore[arg-type]  # checked by Ask
        budget_usd=arguments.budget_usd,
        budget_tokens=arguments.budget_tokens,
        concurrency=arguments.concurrency,
        rate_rpm=arguments.rate,
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _agreed(arguments: Arguments, plan: Plan) -> bool:
    """Return whether to go on; a person at a terminal is asked, a job or a script is not."""
    if arguments.yes or arguments.json or not plan.todo or not sys.stdin.isatty():
        return True
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _note_and_publish(graph: Graph, plan: Plan) -> Published:
    """Publish the set with whatever has been answered."""
    from llador_core.priors.answers import open_store
    from llador_core.priors.publish import publish

    with open_store(graph.name) as store:
        store.note_asked(plan.requests if plan.spec.asks else ())
    return publish(graph, plan.text_set)


def _finish(
    arguments: Arguments,
    graph: Graph,
    plan: Plan,
    outcome: Outcome | None,
    published: Published,
) -> None:
    if arguments.json:
        told = None if outcome is None else {**dataclasses.asdict(outcome), "words": outcome.words}
        made = dataclasses.asdict(published)
        print_json({"graph": graph.name, "set": plan.text_set, "run": told, "published": made})
        return
    if outcome is not None:
        print(f"Asked: {outcome.words}")
    print(published.words)
    print(f"Next: python -m llador_core embed --graph {arguments.graph} --texts {plan.text_set}")


def _plan_json(plan: Plan) -> dict[str, Any]:
    return {
        "set": plan.text_set,
        "definition": dataclasses.asdict(plan.definition),
        "n_entities": len(plan.requests),
        "n_to_ask": len(plan.todo),
        "already": plan.counts,
        "tokens_in": plan.tokens_in,
        "tokens_out": plan.tokens_out,
        "cost_usd": plan.cost_usd,
        "seconds": round(plan.seconds, 1),
        "is_calibrated": plan.is_calibrated,
    }


def _line() -> Any:
    """Return what shows one line of progress in place; on a log, one line every few seconds."""
    import time

    last = [0.0]

    def show(words: str) -> None:
        now, is_live = time.monotonic(), sys.stderr.isatty()
        if now - last[0] >= (0.2 if is_live else 10.0):
            print(words, end="\r" if is_live else "\n", file=sys.stderr, flush=True)
            last[0] = now

    return show


def _batch(arguments: Arguments, graph: Graph, plan: Plan, endpoint: Endpoint) -> None:
    """Collect what the batch endpoint has done, then hand in what is left."""
    from llador_core.priors.batches import collect, hand_in
    from llador_core.priors.plan import make_plan

    found = collect(graph.name, plan, endpoint)
    print("\n".join(found.words), file=sys.stderr)
    plan = make_plan(graph, plan.ask)  # what was collected is no longer to be asked
    n_made = 0
    if plan.todo and _agreed(arguments, plan):
        n_made = hand_in(graph.name, plan, endpoint)
    published = _note_and_publish(graph, plan)
    n_open = found.n_open + (len(plan.todo) if n_made else 0)
    if arguments.json:
        told = {"answered": found.n_answered, "aside": found.n_aside, "open": n_open}
        print_json({"graph": graph.name, "set": plan.text_set, "batch": told, "made": n_made})
        return
    print(f"Collected: {found.n_answered:,} texts, {found.n_aside:,} kept aside.")
    if n_made:
        print(f"Handed in: {len(plan.todo):,} requests in {n_made} batch{'es' * (n_made > 1)}.")
    if n_open:
        print("The same command collects the answers, any time within the next days.")
    print(published.words)
