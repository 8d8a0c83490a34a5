"""What counts as a description, and that real descriptions do."""

from __future__ import annotations

import json

import pytest

from llador_core.priors.judging import judge
from llador_core.priors.prompts import PROMPTS
from llador_core.priors.texts import TEXT_FIELDS, load_texts

GOOD, STRUCTURED = PROMPTS["good"], PROMPTS["structured"]
TEXT = "Donepezil reversibly inhibits acetylcholinesterase, so acetylcholine rises in the brain."


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (TEXT, "answered"),
        (f"  {TEXT}\n", "answered"),
        ("Short.", "answered"),
        ("IL-10R-beta und IL-12R", "answered"),
        ("", "empty"),
        (" \n ", "empty"),
        ("UNKNOWN", "empty"),
        ("Unknown.", "empty"),
        ("I'm sorry, but I can't help with that.", "refused"),
        ("I’m unable to provide that.", "refused"),
        ("As an AI language model, I cannot give medical advice.", "refused"),
        ("Unfortunately, I do not have information about it.", "refused"),
        ("x " * 50_000, "too_long"),
        (
            "Donepezil ist ein Hemmer der Acetylcholinesterase und wird bei der Alzheimer-Demenz "
            "für die Linderung der Symptome eingesetzt.",
            "wrong_language",
        ),
        (
            "Le donépézil est un inhibiteur de l'acétylcholinestérase utilisé pour traiter les "
            "symptômes de la maladie d'Alzheimer.",
            "wrong_language",
        ),
        ("多奈哌齐是一种乙酰胆碱酯酶抑制剂，用于治疗阿尔茨海默病。", "wrong_language"),
        ("Препарат тормозит ацетилхолинэстеразу.", "wrong_language"),
    ],
)
def test_answers_are_told_apart(raw, status):
    found = judge(raw, GOOD)
    assert found.status == status
    assert found.fields == ({"background": raw.strip()} if status == "answered" else {})
    assert bool(found.reason) == (status != "answered")


@pytest.mark.parametrize(
    ("finish", "refusal", "status"),
    [("length", None, "too_long"), ("content_filter", None, "refused"), ("stop", "No.", "refused")],
)
def test_what_the_service_says_counts(finish, refusal, status):
    assert judge(TEXT, GOOD, finish, refusal).status == status


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        ('{"background": "B.", "treatment": " T. ", "caution": ""}', "answered", ""),
        ('```json\n{"background": "B.", "treatment": "T."}\n```', "answered", ""),
        ('{"background": "B.", "treatment": "T.", "more": 1}', "answered", ""),
        ('{"background": "", "treatment": "", "caution": ""}', "empty", "does not know"),
        ('{"treatment": "T."}', "malformed", "background: Field required"),
        ('{"background": ["B."]}', "malformed", "background: Input should be a valid string"),
        ('{"background": null}', "malformed", "background: Input should be a valid string"),
        ('["B."]', "malformed", "it: Input should be"),
        ("B. T.", "malformed", "it is not JSON"),
        ('{"background": "B.", ', "malformed", "it is not JSON"),
        ('{"background": "I cannot help with that."}', "refused", "refused"),
    ],
)
def test_structured_answers_are_read_or_kept_aside(raw, status, reason):
    found = judge(raw, STRUCTURED)
    assert found.status == status
    assert reason in found.reason
    if status == "answered":
        told = json.loads(raw.strip("`json\n") if raw.startswith("`") else raw)
        for field in TEXT_FIELDS:
            assert found.fields[field] == told.get(field, "").strip()


def test_a_prompt_in_another_language_is_not_held_to_english():
    import dataclasses

    german = dataclasses.replace(GOOD, language="de")
    assert judge("Es ist ein Mittel für die und das.", german).status == "answered"


def test_no_real_description_is_kept_aside(starter):
    texts = load_texts(starter)
    real = [text for field in TEXT_FIELDS for text in texts.of(field) if text]
    aside = [text for text in real if judge(text, GOOD).status != "answered"]
    assert len(real) > 5000
    assert aside == []
