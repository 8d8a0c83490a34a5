"""Publishing a text set: from answers and reviews to the files that everything else reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from llador_core.errors import ConfigError, MissingDataError
from llador_core.graph import Graph
from llador_core.priors.answers import Answer, Definition, answers_of
from llador_core.priors.places import check_set_name
from llador_core.priors.prompts import PROMPTS
from llador_core.priors.reviews import Review, current_reviews
from llador_core.priors.sets import definition_of, write_set
from llador_core.priors.texts import TEXT_FIELDS, UNREVIEWED, Provenance, TextField, load_texts

Policy = Literal["all", "reviewed"]
Rows = dict[str, dict[TextField, str]]


@dataclass(frozen=True)
class Published:
    """What went into a set.

    Attributes
    ----------
    name : str
    n_texts : int
        Entities with at least one text.
    n_entities : int
        Of the graph.
    n_edited, n_rejected, n_unreviewed : int
        Texts (entity and field) that a person changed, left out by rejection, and left out because
        the policy asks for reviewed ones only.
    n_unknown : int
        Entities with an answer that the graph does not have any more; left out.
    """

    name: str
    n_texts: int
    n_entities: int
    n_edited: int
    n_rejected: int
    n_unreviewed: int
    n_unknown: int

    @property
    def words(self) -> str:
        """One sentence for the reader, with what was left out."""
        share = 100 * self.n_texts / max(self.n_entities, 1)
        left_out = (
            (self.n_rejected, "rejected"),
            (self.n_unreviewed, "unreviewed"),
            (self.n_unknown, "of entities this graph does not have"),
        )
        rest = "".join(f", {n:,} {what} left out" for n, what in left_out if n)
        return (
            f"The set '{self.name}' has texts for {self.n_texts:,} of {self.n_entities:,} "
            f"entities ({share:.0f}%), {self.n_edited:,} edited{rest}."
        )


def publish(graph: Graph, name: str, policy: Policy = "all", of: str | None = None) -> Published:
    """Write the texts of a set from its answers and reviews, and return what went into it.

    Parameters
    ----------
    graph : Graph
    name : str
        The set to write.
    policy : "all" or "reviewed"
        All but rejected texts, or only those that a person approved or edited.
    of : str or None
        Take the texts of another set ("" for the graph's own) and the reviews of it; None takes the
        set's own answers.

    Raises
    ------
    ConfigError
        No set can be named so, or it would overwrite the set it is made of.
    MissingDataError
        There is nothing to make it of.
    StorageError
        Nothing could be written.
    """
    check_set_name(name)
    if of is not None:
        return _publish_copy(graph, name, policy, of)
    definition = definition_of(graph.name, name)
    if definition is None:
        raise MissingDataError(
            f"Nothing was asked for a text set '{name}' of graph '{graph.name}'. Run "
            f"`python -m llador_core describe --graph {graph.name} --set {name}`."
        )
    answers = answers_of(graph.name, definition=definition, statuses=["answered"])
    rows: Rows = {a.entity: _fields(a.reply.fields) for a in answers}
    counted, kept = _apply(graph, rows, current_reviews(graph.name, name), policy)
    provenance = Provenance(
        model=definition.model,
        prompt=_prompt_words(definition),
        date=_dates(answers),
        review=_review_words(graph.name, name),
    )
    write_set(graph, name, kept, provenance)
    return dataclasses.replace(counted, name=name)


def _publish_copy(graph: Graph, name: str, policy: Policy, of: str) -> Published:
    if name == of:
        raise ConfigError(f"The set '{name}' cannot be made of itself. Choose another name.")
    if definition_of(graph.name, name) is not None:
        raise ConfigError(f"The set '{name}' is made of a model's answers. Choose another name.")
    texts = load_texts(graph, of)
    if texts is None:
        raise MissingDataError(f"Graph '{graph.name}' has no texts of its own to review.")
    columns = {field: texts.of(field) for field in TEXT_FIELDS}
    rows: Rows = {
        entity: {field: columns[field][i] for field in TEXT_FIELDS if columns[field][i]}
        for i, entity in enumerate(graph.entity_ids)
    }
    counted, kept = _apply(graph, rows, current_reviews(graph.name, of), policy)
    reviewed = dataclasses.replace(texts.provenance, review=_review_words(graph.name, of))
    write_set(graph, name, kept, reviewed)
    return dataclasses.replace(counted, name=name)


def _apply(
    graph: Graph,
    rows: Rows,
    reviews: Mapping[tuple[str, TextField], Review],
    policy: Policy,
) -> tuple[Published, Rows]:
    """Return the texts that go into a set, and the count of those that do not."""
    # A reviewer may write a text where the model wrote none.
    rows = {entity: dict(fields) for entity, fields in rows.items()}
    for (entity, field), review in reviews.items():
        if review.verdict == "edited":
            rows.setdefault(entity, {}).setdefault(field, "")
    kept: Rows = {}
    n_edited = n_rejected = n_unreviewed = n_unknown = 0
    for entity, fields in rows.items():
        if not graph.has(entity):
            n_unknown += 1
            continue
        chosen: dict[TextField, str] = {}
        for field, text in fields.items():
            review_of = reviews.get((entity, field))
            verdict = None if review_of is None else review_of.verdict
            if review_of is not None and verdict == "rejected" and review_of.before != text:
                verdict = None  # the model was asked again since
            n_edited += verdict == "edited"
            n_rejected += verdict == "rejected"
            n_unreviewed += verdict is None and policy == "reviewed"
            if review_of is not None and verdict in ("approved", "edited"):
                chosen[field] = review_of.text
            elif verdict is None and policy == "all":
                chosen[field] = text
        if any(chosen.values()):
            kept[entity] = chosen
    n = len(kept)
    return Published("", n, graph.n_entities, n_edited, n_rejected, n_unreviewed, n_unknown), kept


def _fields(found: Mapping[str, str]) -> dict[TextField, str]:
    return {field: found[field] for field in TEXT_FIELDS if found.get(field)}


def _prompt_words(definition: Definition) -> str:
    spec = PROMPTS.get(definition.prompt)
    words = spec.words if spec is not None and spec.version == definition.version else ""
    return f"{definition.prompt} v{definition.version}{': ' if words else ''}{words}"


def _dates(answers: list[Answer]) -> str:
    days = sorted({answer.date[:10] for answer in answers})
    if not days:
        return "not recorded"
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _review_words(graph_name: str, name: str) -> str:
    n = len(current_reviews(graph_name, name))
    if not n:
        return UNREVIEWED
    return f"model-written, {n:,} text{'s' * (n != 1)} reviewed by a person, the others unreviewed"
