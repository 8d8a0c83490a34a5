"""Names in whatever form: what the audit must see, and what it must not take for a name."""

from __future__ import annotations

import numpy as np
import pytest

from llador_core.graph import Graph
from llador_core.names import resolve
from llador_core.priors.audit import Auditor, Naming, audit_pairs
from llador_core.priors.leakage import bounds, names_other_side
from llador_core.priors.masking import mask_texts
from llador_core.priors.texts import TEXT_FIELDS, Provenance, Texts, load_texts
from llador_core.priors.wording import forms, plain_word
from tests.builders import named_graph


def texts_of(*backgrounds: str) -> Texts:
    nothing = [""] * len(backgrounds)
    return Texts(list(backgrounds), nothing, nothing, Provenance())


def namings(
    text: str, name: str, synonyms: tuple[str, ...] = (), *others: tuple[str, str, tuple[str, ...]]
) -> list[Naming]:
    """Return where a drug's text names a disease."""
    graph = named_graph(("some drug", "Compound", ()), (name, "Disease", synonyms), *others)
    texts = texts_of(text, *[""] * (graph.n_entities - 1))
    return Auditor(graph, texts).namings(0, 1)


@pytest.mark.parametrize(
    ("text", "name", "synonyms", "kind"),
    [
        ("For Gout.", "gout", (), "name"),
        ("For podagra.", "gout", ("podagra",), "synonym"),
        ("For AD.", "Alzheimer's disease", ("AD",), "synonym"),
        ("An ad hoc dose.", "Alzheimer's disease", ("AD",), None),
        ("In Alzheimer disease.", "Alzheimer's disease", (), "name"),
        ("Of the Alzheimer type.", "Alzheimer's disease", (), "shortened"),
        ("In Kawasaki.", "Kawasaki disease", (), None),  # no possessive: may be anything
        ("For focal epilepsies.", "epilepsy", (), "spelling"),
        ("For peptic ulcers.", "peptic ulcer", (), "spelling"),
        ("In anaemia.", "anemia", (), "spelling"),
        ("In oesophageal tumours.", "esophageal tumor", (), "spelling"),
        ("In renal cell cancer.", "renal cell carcinoma", (), "spelling"),
        ("For sickle cell anemia.", "anemia, sickle cell", (), "spelling"),
        ("In type II diabetes.", "type 2 diabetes mellitus", (), "spelling"),
        ("In bipolar illness.", "bipolar disorder", (), "spelling"),
        ("Eases myasthenia.", "myasthenia gravis", (), "shortened"),
        ("A hypertensive crisis.", "hypertension", (), "adjective"),
        ("An antiepileptic.", "epilepsy", (), "adjective"),
        ("The diabetic foot.", "diabetes", (), "adjective"),
        ("For breast and endometrial cancer.", "breast cancer", (), "list"),
        ("In renal, lung (any stage) and liver cancers.", "kidney cancer", (), "list"),
        ("Lung disease, breast cancer.", "lung cancer", (), None),
        ("Of the lung, without any cancer.", "lung cancer", (), None),
        ("Breast and heart. It harms in cancer.", "breast cancer", (), None),
        ("For schizophremia.", "schizophrenia", (), "typing error"),
        ("For gouts and ragout.", "ragout fever", (), None),
        ("Causes respiratory depression.", "depression", (), None),
        ("Bone marrow depression and depression.", "depression", (), "name"),
        ("Raises insulin resistance.", "insulin", (), None),
        ("", "gout", (), None),
    ],
)
def test_forms_of_a_name(text: str, name: str, synonyms: tuple[str, ...], kind: str | None) -> None:
    found = namings(text, name, synonyms)
    assert [one.kind for one in found] == ([kind] if kind else [])
    for one in found:
        assert one.words in text
        assert one.sentence in text
        assert text[one.start : one.end].strip() == one.sentence


@pytest.mark.parametrize(
    ("text", "drug"),
    [
        ("Donepezil first.", "donepezil hydrochloride"),
        ("Donepezil hydrochloride first.", "donepezil"),
    ],
)
def test_a_drug_is_named_with_and_without_its_salt(text: str, drug: str) -> None:
    assert len(namings(text, drug)) == 1


def test_without_its_salt_an_element_is_no_drug() -> None:
    assert not namings("It binds calcium.", "calcium acetate")
    assert not namings("Potassium falls.", "potassium chloride")


def test_a_form_within_the_name_of_somebody_else_is_no_name() -> None:
    psoriatic = ("psoriatic arthritis", "Disease", ())
    assert not namings("In psoriatic arthritis.", "psoriasis", (), psoriatic)
    hypertension = ("pulmonary hypertension", "Disease", ())
    assert not namings("In pulmonary hypertension.", "hypertension", (), hypertension)


def test_an_organ_in_a_list_of_cancers_is_the_cancer() -> None:
    organ = ("lung", "Anatomy", ())
    assert [n.kind for n in namings("In lung and liver cancer.", "lung cancer", (), organ)] == [
        "list"
    ]


def test_a_drug_one_letter_off_is_another_drug() -> None:
    """Only a word that stands nowhere else is taken for a typing error."""
    other = ("fluoxetime", "Compound", ())
    assert namings("Then fluoxetime.", "fluoxetine")
    assert not namings("Then fluoxetime.", "fluoxetine", (), other)


def test_the_plain_form_of_a_word_is_a_fixed_point() -> None:
    for word in ("Tumours", "anaemias", "epilepsies", "diabetes", "arthritis", "oestrogens"):
        assert plain_word(plain_word(word)) == plain_word(word)


def test_no_form_is_shorter_than_five_letters_but_the_label_itself() -> None:
    for label in ("Wilson's disease", "gout", "AIDS", "zinc acetate"):
        rest = list(forms(label, is_name=True))[1:]
        assert all(sum(map(len, form)) >= 5 for form in rest)


@pytest.fixture(scope="module")
def texts(starter: Graph) -> Texts:
    found = load_texts(starter)
    assert found
    return found


@pytest.fixture(scope="module")
def pairs(starter: Graph) -> np.ndarray:
    return np.unique(starter.triples_with_role("treats")[::5, [0, 2]], axis=0)


class TestOnTheStarterGraph:
    def test_it_sees_all_that_the_lists_mark_but_other_senses(
        self, starter: Graph, texts: Texts, pairs: np.ndarray
    ) -> None:
        audit = audit_pairs(starter, texts, pairs[:, 0], pairs[:, 1])
        marked = [
            bool(names_other_side(starter, texts, np.array([drug]), disease)[0])
            for drug, disease in pairs.tolist()
        ]
        lost = np.flatnonzero(np.array(marked) & ~audit.is_named)
        words = {starter.entity_names[d] for d in pairs[lost].ravel().tolist()}
        assert len(lost) <= 0.02 * len(pairs), words
        assert audit.is_named.sum() > sum(marked)  # and more

    def test_one_known_find_has_its_sentence(self, starter: Graph, texts: Texts) -> None:
        drug = resolve(starter, "megestrol acetate", "drug")
        disease = resolve(starter, "breast cancer", "disease")
        audit = audit_pairs(starter, texts, np.array([drug]), np.array([disease]))
        [[found]] = audit.namings
        assert (found.kind, found.words) == ("list", "breast and endometrial cancer")
        assert found.sentence.startswith("Palliative hormone therapy")
        assert audit.is_named_in("treatment", "drug").tolist() == [True]
        assert audit.is_named_in("treatment", "disease").tolist() == [False]
        assert audit.n_only_by("list") == 1

    def test_masked_texts_name_nothing_and_lose_nothing_else(
        self, starter: Graph, texts: Texts, pairs: np.ndarray
    ) -> None:
        masked = mask_texts(starter, texts, pairs[:, 0], pairs[:, 1])
        again = audit_pairs(starter, masked.texts, pairs[:, 0], pairs[:, 1])
        assert not again.is_named.any()
        touched = set(pairs.ravel().tolist())
        n_changed = 0
        for field in TEXT_FIELDS:
            for entity in range(starter.n_entities):
                before, after = texts.of(field)[entity], masked.texts.of(field)[entity]
                n_changed += before != after
                assert before == after or entity in touched
                assert len(after) <= len(before) + 1
                for start, end in bounds(after):
                    assert after[start:end].strip(" .;").casefold() in before.casefold()
        assert n_changed == masked.n_texts > 0
        assert masked.n_sentences >= masked.n_texts > masked.n_emptied


def test_masking_takes_whole_sentences_of_the_fields_asked_for() -> None:
    graph = named_graph(("Aspirin", "Compound", ()), ("gout", "Disease", ()))
    texts = Texts(
        ["Blocks COX; used in gout; thins blood. Of gout. RNA too; in gout. Old.", ""],
        ["For gout.", "Aspirin last. Rest first."],
        ["", ""],
        Provenance(),
    )
    one = np.array([0]), np.array([1])
    masked = mask_texts(graph, texts, *one)
    assert masked.texts.background[0] == "Blocks COX; thins blood. RNA too. Old."
    assert list(masked.texts.treatment) == ["", "Rest first."]
    assert (masked.n_sentences, masked.n_texts, masked.n_emptied) == (5, 3, 1)
    assert list(mask_texts(graph, texts, *one, ["caution"]).texts.treatment) == list(
        texts.treatment
    )
