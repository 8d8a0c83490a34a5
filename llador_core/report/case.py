"""What a report tells, gathered once for every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from llador_core import __version__
from llador_core.explain import Explanation, explain
from llador_core.figures.recall import RecallCurve, curves_of
from llador_core.graph import Graph
from llador_core.models.interactions import INTERACTIONS
from llador_core.priors.texts import TextField, Texts
from llador_core.ranking import Candidate, Order, rank_candidates
from llador_core.safeguard import caution_reasons
from llador_core.shortlist import store
from llador_core.training.runs import Run

N_PICKS = 5
ORDER_WORDS = {
    "caution": "predicted treatment weighed against predicted caution",
    "similar pairs": "the model's score weighed with what similar pairs lead one to expect",
    "nothing": "the model's score alone",
}
VERDICTS = {"pursue": "Pursue", "need_data": "Need data", "drop": "Drop"}
N_PER_KIND = 2  # paths of one kind: the second shows that the first is no single hit
PROTOCOL = "drug-ranking"
FIRST = 10  # how far down a list a reader looks
NOTICE = (
    "For research only, not for clinical use. Ranks come from a model and are no probabilities, "
    "nobody reviewed them, and they are no medical advice."
)


@dataclass(frozen=True)
class Pick:
    """A drug that the report explains.

    Attributes
    ----------
    candidate : Candidate
    explanation : Explanation
    reasons : tuple of str
        Why the model predicts caution, beyond what the explanation holds against the pair.
    verdict, note : str
        What a reader wrote on the shortlist; "" for a drug that nobody judged.
    """

    candidate: Candidate
    explanation: Explanation
    reasons: tuple[str, ...] = ()
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """A disease as one run sees it.

    Attributes
    ----------
    graph : Graph
    run : Run
    base, mechanism : Run or None
        The same run without a prior, and with mechanism texts only.
    texts : Texts or None
        What an LLM wrote; None for a graph without such texts.
    disease : int
    candidates : tuple of Candidate
        Every drug, best first.
    picks : tuple of Pick
        The drugs explained: the shortlisted ones, else the first new ones.
    is_shortlist : bool
        The picks come from a shortlist.
    created : str
        Date and time in UTC.
    order : "combined" or "raw"
        By the model's score weighed against predicted caution, or by that score alone.
    """

    graph: Graph
    run: Run
    base: Run | None
    mechanism: Run | None
    texts: Texts | None
    disease: int
    candidates: tuple[Candidate, ...]
    picks: tuple[Pick, ...]
    is_shortlist: bool
    created: str
    order: Order

    @property
    def name(self) -> str:
        return self.graph.entity_names[self.disease]

    @property
    def n(self) -> int:
        return len(self.candidates)

    @property
    def model(self) -> str:
        """The model's name as written in the literature."""
        return INTERACTIONS[self.run.info.model].title

    @property
    def records_avoid(self) -> bool:
        """Whether the graph records contraindications at all."""
        return len(self.graph.relations_with_role("contraindicated")) > 0

    @cached_property
    def easing(self) -> frozenset[int]:
        """Drugs known to ease the disease without treating it."""
        return frozenset(self.graph.neighbours_with_role(self.disease, "palliates").tolist())

    @cached_property
    def new(self) -> tuple[Candidate, ...]:
        """Candidates that the graph neither has as a treatment nor as easing the disease."""
        return tuple(
            c for c in self.candidates if c.status == "new" and c.entity not in self.easing
        )

    @cached_property
    def avoid(self) -> tuple[Candidate, ...]:
        return tuple(c for c in self.candidates if c.is_contraindicated)

    @cached_property
    def known(self) -> tuple[Candidate, ...]:
        return tuple(c for c in self.candidates if c.status in ("known", "held_out"))

    @cached_property
    def curves(self) -> list[RecallCurve]:
        """How soon the run, its twins and the controls find hidden pairs; the run first.

        Empty for a run that was trained elsewhere, on pairs nobody here knows.
        """
        base = self.base.metrics_by(self.order) if self.base else None
        mechanism = self.mechanism.metrics_by(self.order) if self.mechanism else None
        own = self.run.metrics_by(self.order)
        if not own["run"]:
            return []
        return curves_of(own, self.run.info.prior, base, mechanism)

    @property
    def is_guarded(self) -> bool:
        """Whether the list is weighed against predicted caution."""
        return self.order == "combined" and self.run.safeguard is not None

    def classes(self, drug: int) -> str:
        """Return the classes of a drug, two at most."""
        members = self.graph.neighbours_with_role(drug, "includes").tolist()
        return ", ".join(sorted(self.graph.entity_names[e] for e in members)[:2])

    def flags(self, candidate: Candidate) -> str:
        """Return a drug's warnings in words, "" without any."""
        marks = (
            ("✕ to avoid", candidate.is_contraindicated),
            (f"△ {candidate.caution} caution predicted", candidate.caution in ("some", "strong")),
            ("◐ eases it", candidate.entity in self.easing),
            ("✱ text names it", candidate.prior_names_it),
        )
        return ", ".join(word for word, is_set in marks if is_set)

    def written(self, entity: int) -> list[tuple[str, str]]:
        """Return (what, text) of what is written about an entity; nothing where there is none."""
        if self.texts is None:
            described = self.graph.descriptions[entity] if self.graph.descriptions else ""
            return [("Description", described)] if described else []
        found = [(words, self.texts.of(field)[entity]) for field, words in _FIELDS]
        return [(words, text) for words, text in found if text]

    @property
    def writer(self) -> str:
        """Who wrote the texts, as it must stand beside each of them."""
        if self.texts is None:
            return f"Description from the graph's source ({self.graph.title or self.graph.name})"
        source = self.texts.provenance
        return f"{source.review.capitalize()}: {source.model}, {source.date}"

    def provenance(self) -> list[tuple[str, str]]:
        """Return all that is needed to make this report again."""
        graph, run, record = self.graph, self.run, self.run.provenance
        versions = ", ".join(f"{k} {v}" for k, v in dict(record.get("versions", {})).items())
        texts = self.texts.provenance if self.texts else None
        rows = [
            ("Disease", f"{self.name} ({graph.entity_ids[self.disease]})"),
            ("Graph", f"{graph.title or graph.name}: {graph.n_entities:,} entities, "
                      f"{graph.n_triples:,} facts"),
            ("Licence", graph.licence),
            ("Citation", graph.citation),
            ("Graph checksum", graph.checksum),
            *(("Note", note) for note in graph.notes),
            ("Run", run.name),
            ("Model", f"{self.model}, recipe {run.info.recipe}, width {run.info.dim}, seed "
                      f"{run.info.seed}, split by {run.info.split_kind}, split seed "
                      f"{run.info.split_seed}"),
            ("Prior", "not known, trained elsewhere" if run.info.is_imported else run.info.prior),
            ("Order", ORDER_WORDS[self.run.weighing if self.order == "combined" else "nothing"]),
            ("Compared with", self.base.name if self.base else "no run without a prior"),
            ("Texts", f"{texts.model}, {texts.date}, {texts.review}" if texts else "not by an LLM"),
            ("Prompt", texts.prompt if texts else ""),
            ("Trained", f"{run.info.created}, {record.get('seconds', '?')} s, commit "
                        f"{record.get('git_commit') or 'not recorded'}"),
            ("Trained with", versions),
            ("Reported by", f"LLaDoR {__version__}, {self.created}"),
        ]  # fmt: skip
        return [(what, value) for what, value in rows if value]


_FIELDS: tuple[tuple[TextField, str], ...] = (
    ("background", "How it works"),
    ("treatment", "Standing in therapy"),
    ("caution", "Cautions"),
)


def gather(  # noqa: PLR0913
    graph: Graph,
    run: Run,
    disease: int,
    *,
    base: Run | None = None,
    mechanism: Run | None = None,
    texts: Texts | None = None,
    shortlist: Mapping[int, tuple[str, str]] | None = None,
    order: Order = "combined",
    created: str = "",
) -> Case:
    """Return the case of a disease.

    Parameters
    ----------
    graph : Graph
    run, base, mechanism : Run
        As in `Case`.
    disease : int
    texts : Texts or None
    shortlist : mapping from drug to (verdict, note), or None
        The drugs to explain; without any the first new ones that the graph does not advise against.
    order : "combined" or "raw"
        What the list is ordered by; a run without a safeguard has only the second.
    created : str
        When the report is made; now where it is not given.

    Raises
    ------
    ConfigError, DataFormatError
        As `rank_candidates`.
    """
    found = tuple(rank_candidates(graph, run, disease=disease, base=base, texts=texts, order=order))
    judged = dict(shortlist or {})
    case = Case(
        graph,
        run,
        base,
        mechanism,
        texts,
        disease,
        found,
        (),
        bool(judged),
        created or datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        order,
    )
    chosen: Sequence[Candidate] = [c for c in found if c.entity in judged]
    chosen = chosen or [c for c in case.new if not c.is_contraindicated][:N_PICKS]
    picks = tuple(
        Pick(
            candidate,
            explain(graph, candidate.entity, disease, run=run, n_per_group=N_PER_KIND),
            reasons_of(case, candidate),
            *judged.get(candidate.entity, ("", "")),
        )
        for candidate in chosen
    )
    return replace(case, picks=picks)


def shortlisted(graph: Graph, run_name: str, disease: int) -> dict[int, tuple[str, str]]:
    """Return verdict and note of each drug on the shortlist of a disease and a run.

    Raises StorageError, DataFormatError where the shortlist cannot be read.
    """
    found = store.entries(graph.name, run_name, graph.entity_ids[disease])
    return {
        graph.mapped(entry.drug): (VERDICTS.get(entry.verdict or "", ""), entry.note)
        for entry in found
        if graph.has(entry.drug)
    }


def reasons_of(case: Case, candidate: Candidate) -> tuple[str, ...]:
    """Return what speaks for caution, in sentences; nothing where none is predicted."""
    if candidate.caution not in ("some", "strong"):
        return ()
    told = []
    for reason in caution_reasons(case.graph, case.texts, candidate.entity, case.disease):
        if reason.kind == "similar":
            shared = ", ".join(reason.shared)
            told.append(f"{reason.name}, which has {shared} in common, is to be avoided in it.")
        elif reason.kind == "text":
            whom = f", naming {', '.join(reason.shared)}," if reason.shared else ""
            words = reason.text.rstrip(";")
            told.append(f"The text on {reason.name}{whom} says: “{words}” [{case.writer}]")
    return tuple(told)
