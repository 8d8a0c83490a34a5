"""What was asked about a graph, how it ended and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llador_core import database
from llador_core.priors.answers import Definition, Status, answers_file
from llador_core.priors.answers_format import FORMAT


@dataclass(frozen=True)
class Tally:
    """What was asked with one definition, and what it cost.

    Attributes
    ----------
    definition : Definition
    counts : mapping from Status to int
        Requests by the status of their latest attempt.
    tokens_in, tokens_out : int
        Over all attempts.
    cost_usd : float
        Over all attempts whose cost is known.
    n_unpriced : int
        Attempts with an unknown cost.
    first, last : str
        ISO dates and times.
    """

    definition: Definition
    counts: Mapping[Status, int]
    tokens_in: int
    tokens_out: int
    cost_usd: float
    n_unpriced: int
    first: str
    last: str


def tallies(graph_name: str) -> list[Tally]:
    """Return what was asked about a graph, one entry per definition, the latest first."""
    columns = "prompt, version, model, parameters"
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        if connection is None:
            return []
        sums = connection.execute(
            f"SELECT {columns}, COALESCE(SUM(tokens_in), 0), COALESCE(SUM(tokens_out), 0), "
            "COALESCE(SUM(cost_usd), 0.0), SUM(cost_usd IS NULL AND status != 'failed'), "
            f"MIN(date), MAX(date) FROM answers GROUP BY {columns} ORDER BY MAX(id) DESC"
        ).fetchall()
        counted = connection.execute(
            f"SELECT {columns}, status, COUNT(*) FROM latest GROUP BY {columns}, status"
        ).fetchall()
    counts: dict[Definition, dict[Status, int]] = {}
    for *asked, status, n in counted:
        counts.setdefault(Definition(*asked), {})[status] = n
    return [Tally(Definition(*row[:4]), counts[Definition(*row[:4])], *row[4:]) for row in sums]


def answered_sums(graph_name: str, definition: Definition) -> tuple[int, int, int, int, float]:
    """Return sums over the answers to one definition whose tokens were counted.

    Returns
    -------
    int, int, int, int, float
        Answers, characters asked, tokens in, tokens out, seconds.
    """
    query = (
        "SELECT COUNT(*), SUM(LENGTH(system) + LENGTH(user)), SUM(tokens_in), SUM(tokens_out), "
        "SUM(latency_s) FROM answers WHERE status = 'answered' AND tokens_in > 0 AND "
        "tokens_out > 0 AND prompt = ? AND version = ? AND model = ? AND parameters = ?"
    )
    asked = (definition.prompt, definition.version, definition.model, definition.parameters)
    with database.opened(answers_file(graph_name), FORMAT, is_reading=True) as connection:
        row = (0,) if connection is None else connection.execute(query, asked).fetchone()
    return (0, 0, 0, 0, 0.0) if not row[0] else tuple(row)
