"""Whether an answer is a text for a prior: refusals, silence, other languages and broken JSON.

The rules are plain on purpose, so that what they keep aside can be explained in one sentence, and
everything they keep aside is kept: the answer stays in the store and can be asked for again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from llador_core.priors.answers import Status
from llador_core.priors.function_words import ENGLISH, OTHERS
from llador_core.priors.prompts import PromptSpec

TOO_LONG = 6  # times what was asked for
CHARS_PER_WORD = 7
MIN_WORDS = 12  # fewer tell no language
MIN_LATIN = 0.7
_REFUSAL = re.compile(
    r"^\W*(as an ai\b|i(’|'| a)?m (sorry|afraid|unable|not able)|i apologi[sz]e|sorry\b|"
    r"(unfortunately,? )?i (cannot|can not|can(’|')t|could not|am unable|do not have|"
    r"don(’|')t have|won(’|')t|will not)\b|unable to (provide|help|assist))",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(r"^\W*unknown\W*$", re.IGNORECASE)
_FENCE = re.compile(r"^\s*```[a-z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL | re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Judgement:
    """What an answer is worth.

    Attributes
    ----------
    status : Status
    fields : mapping from text field to str
        Empty unless answered.
    reason : str
        Why it is kept aside, "" for an answer.
    """

    status: Status
    fields: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def judge(
    raw: str, spec: PromptSpec, finish_reason: str | None = "stop", refusal: str | None = None
) -> Judgement:
    """Return whether `raw` is a text for a prior, and its fields.

    Parameters
    ----------
    raw : str
        The answer as it came.
    spec : PromptSpec
        What was asked.
    finish_reason : str or None
        As the service says why it ended.
    refusal : str or None
        What the service says in the place of an answer.
    """
    if refusal or finish_reason == "content_filter":
        return Judgement("refused", reason="the service refused to answer")
    text = raw.strip()
    aside = _no_text(text, spec, finish_reason)
    if aside is not None:
        return aside
    fields = _structured(text) if spec.is_structured else {"background": text}
    if isinstance(fields, str):
        return Judgement("malformed", reason=fields)
    return _no_description(" ".join(fields.values()), spec) or Judgement("answered", fields)


def _no_text(text: str, spec: PromptSpec, finish_reason: str | None) -> Judgement | None:
    """Return why an answer cannot be a description whatever its form, None where it can be."""
    if not text:
        return Judgement("empty", reason="nothing was answered")
    if _REFUSAL.match(text):
        return Judgement("refused", reason=f"the model refused: {text[:80]}")
    if _UNKNOWN.match(text):
        return Judgement("empty", reason="the model does not know the entity")
    limit = spec.max_words * CHARS_PER_WORD * TOO_LONG
    if len(text) > limit:
        reason = f"{len(text):,} characters, at most {limit:,} are a description"
        return Judgement("too_long", reason=reason)
    if finish_reason == "length":
        return Judgement("too_long", reason="cut off at the limit of tokens; raise --max-tokens")
    return None


def _no_description(said: str, spec: PromptSpec) -> Judgement | None:
    """Return why what the fields say is no description, None where it is one."""
    if not said.strip():
        return Judgement("empty", reason="the model does not know the entity")
    if _REFUSAL.match(said):
        return Judgement("refused", reason=f"the model refused: {said[:80]}")
    if spec.language == "en" and (language := not_english(said)):
        return Judgement("wrong_language", reason=language)
    return None


def not_english(text: str) -> str:
    """Return why a text is not English, "" where it may be."""
    letters = [c for c in text if c.isalpha()]
    n_latin = sum(c < "\u0250" or "\u0370" <= c < "\u0400" for c in letters)  # Greek: receptors
    if letters and n_latin < MIN_LATIN * len(letters):
        return "written in another script"
    words = [word.casefold() for word in _WORD.findall(text)]
    if len(words) < MIN_WORDS:
        return ""
    n_english, n_other = (sum(w in known for w in words) for known in (ENGLISH, OTHERS))
    if n_other > n_english and n_other >= 0.1 * len(words):
        return "written in another language than English"
    return ""


def _structured(text: str) -> dict[str, str] | str:
    """Return the fields of a JSON answer, or what is wrong with it."""
    from pydantic import ValidationError

    fenced = _FENCE.match(text)
    try:
        content = json.loads(fenced[1] if fenced else text)
    except ValueError:
        return "it is not JSON"
    try:
        return _fields(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        return f"{place}: {first['msg']}"


def _fields(content: object) -> dict[str, str]:
    """Return the checked fields. Raises pydantic's ValidationError."""
    from pydantic import BaseModel, ConfigDict  # takes a tenth of a second to import

    class Description(BaseModel):
        model_config = ConfigDict(strict=True, str_strip_whitespace=True)
        background: str
        treatment: str = ""
        caution: str = ""

    found: dict[str, str] = Description.model_validate(content).model_dump()
    return found


RESPONSE_FORMAT: Mapping[str, object] = {
    "type": "json_schema",
    "json_schema": {
        "name": "description",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {
                name: {"type": "string"} for name in ("background", "treatment", "caution")
            },
            "required": ["background", "treatment", "caution"],
            "additionalProperties": False,
        },
    },
}
