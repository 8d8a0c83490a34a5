from __future__ import annotations

import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llador_core.names import resolve
from llador_core.priors import leakage
from llador_core.priors.anchors import PRIORS
from llador_core.priors.leakage import names_other_side, sentences, sentences_naming
from llador_core.priors.texts import TEXT_FIELDS, Provenance, Texts, load_texts
from tests.builders import named_graph


@pytest.fixture(scope="module")
def starter_texts(starter):
    return load_texts(starter)


def named(starter, texts, drug, disease, prior):
    drugs = np.array([resolve(starter, drug, "drug")])
    fields = PRIORS[prior].text_fields
    return bool(
        names_other_side(starter, texts, drugs, resolve(starter, disease, "disease"), fields)
    )


class TestOnTheStarterGraph:
    def test_donepezil_and_alzheimers_name_each_other_but_not_in_the_mechanism(
        self, starter, starter_texts
    ):
        donepezil = resolve(starter, "donepezil", "drug")
        alzheimers = resolve(starter, "Alzheimer's disease", "disease")
        assert "Alzheimer's disease" in starter_texts.treatment[donepezil]
        assert "donepezil" in starter_texts.treatment[alzheimers]
        assert named(starter, starter_texts, "donepezil", "Alzheimer's disease", "full")
        assert not named(starter, starter_texts, "donepezil", "Alzheimer's disease", "mechanism")

    def test_one_side_naming_the_other_is_enough(self, starter, starter_texts):
        drug = resolve(starter, "suvorexant", "drug")
        alzheimers = resolve(starter, "Alzheimer's disease", "disease")
        words = {f: starter_texts.of(f)[alzheimers].casefold() for f in ("treatment", "caution")}
        assert not any("suvorexant" in text for text in words.values())
        assert "Alzheimer" in starter_texts.treatment[drug] + starter_texts.caution[drug]
        assert named(starter, starter_texts, "suvorexant", "Alzheimer's disease", "full")

    def test_a_checkpoint_protein_is_not_parkinsons_disease(self, starter, starter_texts):
        assert "PD-1" in starter_texts.background[resolve(starter, "nivolumab", "drug")]
        assert not named(starter, starter_texts, "nivolumab", "Parkinson's disease", "mechanism")

    def test_a_mechanism_text_that_names_the_drug_is_seen(self, starter, starter_texts):
        """Tetrahydrobiopterin is the missing cofactor of a form of phenylketonuria."""
        assert named(starter, starter_texts, "tetrahydrobiopterin", "phenylketonuria", "mechanism")

    def test_full_texts_give_away_most_treatments_and_mechanisms_hardly_any(
        self, starter, starter_texts
    ):
        treats = starter.triples_with_role("treats")
        share = {}
        for prior in ("full", "mechanism", "none", "shuffled"):
            fields = PRIORS[prior].text_fields
            share[prior] = np.mean(
                [
                    names_other_side(starter, starter_texts, np.array([h]), t, fields)[0]
                    for h, _, t in treats.tolist()
                ]
            )
        assert share["full"] > 0.7
        assert 0 < share["mechanism"] < 0.02
        assert share["none"] == share["shuffled"] == 0

    def test_a_disease_against_all_drugs_is_answered_within_20_ms(self, starter, starter_texts):
        seconds = []
        for disease in [int(starter.diseases[0]), *starter.diseases[:20].tolist()]:
            start = time.perf_counter()
            names_other_side(starter, starter_texts, starter.drugs, disease)
            seconds.append(time.perf_counter() - start)
        assert min(seconds[1:]) < 0.020  # the best of many: other work shares the machine


def drug_text_names(text, disease, synonyms=(), *others):
    """Return whether a drug described as `text` is found to name the disease."""
    graph = named_graph(("some drug", "Compound", ()), (disease, "Disease", synonyms), *others)
    empty = [""] * graph.n_entities
    texts = Texts([text, *empty[1:]], empty, empty, Provenance())
    return bool(names_other_side(graph, texts, np.array([0]), 1, ["background"])[0])


@pytest.mark.parametrize(
    ("text", "name", "synonyms", "expected"),
    [
        ("For Gout.", "gout", (), True),
        ("GOUT attacks", "gout", (), True),
        ("for gouty arthritis", "gout", (), False),
        ("ragout", "gout", (), False),
        ("", "gout", (), False),
        ("Alzheimer disease", "Alzheimer's disease", (), True),
        ("Alzheimer’s disease", "Alzheimer's disease", (), True),
        ("alzheimer's   disease", "Alzheimer disease", (), True),
        ("Sjögren syndrome", "Sjogren's syndrome", (), True),
        ("non-small-cell lung cancer", "non-small cell lung cancer", (), True),
        ("for anxiety. Disorders of mood", "anxiety disorders", (), False),
        ("anxiety, disorder", "anxiety disorder", (), False),
        ("used in AD", "Alzheimer's disease", ("AD",), True),
        ("an ad hoc dose", "Alzheimer's disease", ("AD",), False),
        ("ADHD and MAD", "Alzheimer's disease", ("AD",), False),
        ("in AD-related agitation", "Alzheimer's disease", ("AD",), True),
        ("binds AD-2 and HLA-AD", "Alzheimer's disease", ("AD",), False),
        ("5-FU is given", "fluorouracil deficiency", ("5-FU",), True),
        ("a 5-fu dose", "fluorouracil deficiency", ("5-FU",), False),
        ("ms of delay", "multiple sclerosis", ("MS",), False),
        ("relapsing MS.", "multiple sclerosis", ("MS",), True),
        ("relapsing (MS)", "multiple sclerosis", ("MS",), True),
        ("diabetes type 2", "type 2 diabetes", (), False),
        ("anything at all", "a.*l+(", (), False),
        ("the a.*l+( syndrome", "a.*l+(", (), True),
        ("the abcl( syndrome", "a.*l+(", (), False),
        ("C++ storm", "C++ storm", (), True),
        ("given for fever (recurrent) only", "fever (recurrent)", (), True),
        ("given for fever recurrent", "fever (recurrent)", (), False),
        ("[18F]tracer", "[18F]tracer", (), True),
        ("St. John's wort eaters", "St. John's wort", (), True),
        ("give 2 to 7 doses of A", "A", ("2", "7"), False),
    ],
)
def test_names_are_whole_words_taken_literally(text, name, synonyms, expected):
    assert drug_text_names(text, name, synonyms) is expected


def test_of_overlapping_names_the_longest_counts():
    pulmonary = ("pulmonary hypertension", "Disease", ())
    text = "Opens vessels in pulmonary hypertension."
    assert drug_text_names(text, "hypertension")
    assert not drug_text_names(text, "hypertension", (), pulmonary)
    assert drug_text_names(text + " Not for hypertension.", "hypertension", (), pulmonary)


def test_a_text_that_ends_within_a_longer_name_names_the_shorter():
    others = ("brain fever of the north", "Disease", ())
    assert drug_text_names("Against brain fever", "brain fever", (), others)
    assert not drug_text_names("Against brain fever of the", "brain fever of the north", ())


def test_two_diseases_of_one_name_are_both_named():
    other = ("second", "Disease", ("shared name",))
    assert drug_text_names("in shared name", "first", ("shared name",), other)


def test_a_longer_acronym_does_not_hide_a_word_of_the_same_letters():
    """`ALS` must be written so; the disease "als" next to it need not."""
    other = ("als", "Disease", ())
    assert not drug_text_names("the als group", "lateral sclerosis", ("ALS",), other)
    assert drug_text_names("the ALS group", "lateral sclerosis", ("ALS",), other)


def test_the_disease_text_counts_too_and_only_the_fields_asked_for():
    graph = named_graph(("Aspirin", "Compound", ("ASA",)), ("gout", "Disease", ()))
    texts = Texts(["", ""], ["", "Avoid ASA."], ["", ""], Provenance())
    drugs = np.array([0])
    assert names_other_side(graph, texts, drugs, 1).tolist() == [True]
    assert names_other_side(graph, texts, drugs, 1, ["treatment"]).tolist() == [True]
    assert names_other_side(graph, texts, drugs, 1, ["background", "caution"]).tolist() == [False]
    assert names_other_side(graph, texts, drugs, 1, []).tolist() == [False]
    assert names_other_side(graph, texts, np.array([1]), 0).tolist() == [True]  # sides exchanged
    assert names_other_side(graph, texts, np.array([], np.int64), 1).tolist() == []


def test_other_texts_of_the_same_graph_are_read_anew():
    graph = named_graph(("Aspirin", "Compound", ()), ("gout", "Disease", ()))
    empty = ["", ""]
    one = Texts(["For gout.", ""], empty, empty, Provenance())
    other = Texts(["For pain.", ""], empty, empty, Provenance())
    assert names_other_side(graph, one, np.array([0]), 1)[0]
    assert not names_other_side(graph, other, np.array([0]), 1)[0]


class TestSentences:
    def test_a_sentence_is_marked_exactly_where_the_name_is_seen(self, starter, starter_texts):
        pairs = [(h, t) for h, _, t in starter.triples_with_role("treats").tolist()][::9]
        for drug, disease in pairs:
            for field in TEXT_FIELDS:
                marked = [
                    any(b in s.named for s in sentences(starter, starter_texts, a, field))
                    for a, b in ((drug, disease), (disease, drug))
                ]
                seen = names_other_side(starter, starter_texts, np.array([drug]), disease, [field])
                assert any(marked) == bool(seen[0])

    def test_the_sentences_are_the_text(self, starter, starter_texts):
        for field in TEXT_FIELDS:
            for entity in range(0, starter.n_entities, 41):
                said = " ".join(s.text for s in sentences(starter, starter_texts, entity, field))
                assert said.split() == starter_texts.of(field)[entity].split()

    @pytest.mark.parametrize(
        ("text", "name", "expected"),
        [
            ("It helps. In gout it harms. So what?", "gout", [False, True, False]),
            ("For gout.", "gout", [True]),
            ("", "gout", []),
            ("Of Sjögren’s syndrome. The rest.", "Sjogren syndrome", [True, False]),
            ("Take St. John's wort. Not more.", "St. John's wort", [True, False]),
            ("Half of 2.5 mg. \u201cGout\u201d it says.", "gout", [False, True]),
            ("the e. coli strain. Gout! Yes", "gout", [False, True, False]),
            ("The ﬁrst is gout. The ﬁnal one.", "gout", [True, False]),
            ("Gout. Gout.", "gout", [True, True]),
            ("For pain; not in gout; dose 2 g.", "gout", [False, True, False]),
        ],
    )
    def test_sentences_end_where_people_end_them(self, text, name, expected):
        graph = named_graph(("some drug", "Compound", ()), (name, "Disease", ()))
        texts = Texts([text, ""], ["", ""], ["", ""], Provenance())
        found = sentences(graph, texts, 0, "background")
        assert [1 in s.named for s in found] == expected
        naming = sentences_naming(graph, texts, 0, "background", [1])
        assert naming == [(s.text, frozenset({1})) for s in found if 1 in s.named]

    @given(st.text(alphabet=list("aé\u0301ﬁ’'s. AG²\n-"), max_size=30))
    def test_places_lead_back_to_the_text(self, text):
        plain, places = leakage.plain_with_places(text)
        assert plain == leakage.plain_text(text)
        assert places == sorted(places)
        for char, place in zip(plain, places, strict=True):
            assert char in unicodedata.normalize("NFKD", text[place])
