"""What a language model is asked about an entity: the prompts of the paper, ours, and the user's.

References
----------
LLaDR, section "prior", compares no prompt (the bare name), an "original" one that asks an expert
for background and uses, and a "good" one with a fixed template of background, appearance and
clinical information. `original` and `good` ask for the same in our words; the authors' wording
carries no licence. `structured` is ours: what a drug is good for is kept apart from what it does
and from what it is dangerous for, so that a model can be trained without being told the answer.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from llador_core import paths
from llador_core.config import from_dict
from llador_core.errors import ConfigError, DataFormatError
from llador_core.registry import lookup

MAX_SYNONYMS = 8
_PLACES = ("name", "type", "synonyms")
_PLACE = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class PromptSpec:
    """A prompt with its version.

    Attributes
    ----------
    name, version : str
        A changed wording needs a new version: answers to the old one stay apart.
    words : str
        For the reader: what is asked.
    system, user : str
        `{name}`, `{type}` and `{synonyms}` are filled in; of synonyms the first eight. "" for the
        user's message means that nothing is asked: the bare name is the text.
    is_structured : bool
        The answer is JSON with background, treatment and caution; else one text.
    max_words : int
        The answer's length that is asked for; answers of many times that are kept aside.
    max_tokens : int
        What the model may write at most, unless told otherwise.
    language : str
        Of the answer: "en" is checked, anything else is taken as it comes.
    source : str
        Where the prompt comes from; "" for the user's own.
    """

    name: str
    version: str
    words: str
    system: str
    user: str
    is_structured: bool = False
    max_words: int = 120
    max_tokens: int = 400
    language: str = "en"
    source: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"'{self.name}' cannot be the name of a prompt. Use up to 40 letters, digits, "
                "dots, hyphens and underscores."
            )
        if self.user and "{name}" not in self.user:
            raise ConfigError(
                f"The prompt '{self.name}' has no {{name}} in what the user says, so every entity "
                "would get the same answer. Write {name} where the entity's name belongs."
            )
        unknown = [p for p in _PLACE.findall(self.system + self.user) if p not in _PLACES]
        if unknown:
            raise ConfigError(
                f"The prompt '{self.name}' has {{{unknown[0]}}}, which nothing fills in. Known are "
                "{name}, {type} and {synonyms}."
            )

    @property
    def asks(self) -> bool:
        """Whether a model is asked at all."""
        return bool(self.user)

    def render(self, name: str, type_name: str, synonyms: Sequence[str]) -> tuple[str, str]:
        """Return the system's and the user's message about one entity."""
        told = {
            "name": name,
            "type": type_name.lower(),
            "synonyms": ", ".join(synonyms[:MAX_SYNONYMS]) or "none",
        }

        # In one pass, so that a name such as "{type}" stays what it is.
        def fill(text: str) -> str:
            return _PLACE.sub(lambda place: told[place[1]], text)

        return fill(self.system), fill(self.user)


_EXPERT = "You are an expert in pharmacology, medicine and molecular biology."
_HONEST = (
    "Write plain English prose without headings, lists or markup. Write only what is established; "
    "where you do not know the entity, answer with the single word UNKNOWN."
)

PROMPTS: Mapping[str, PromptSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            PromptSpec(
                "none",
                "1",
                "Nothing is asked: the bare name is the text.",
                "",
                "",
                source="LLaDR, prompt 'none'",
            ),
            PromptSpec(
                "original",
                "1",
                "Background and uses, in one text.",
                f"{_EXPERT} {_HONEST}",
                "Describe the background and the uses of {name}, a biomedical entity of the type "
                "{type}, in about 100 words.",
                source="after LLaDR's prompt 'original', in our words",
            ),
            PromptSpec(
                "good",
                "1",
                "Background, appearance and clinical information, in one text.",
                f"{_EXPERT} {_HONEST}",
                "Describe {name}, a biomedical entity of the type {type} (other names: "
                "{synonyms}), in about 120 words and in this order. Background: what it is, where "
                "it belongs and how it works. Appearance: its structure, or how it shows. "
                "Clinical: what it is used for or how it is treated, and in which conditions it "
                "is harmful or unsuitable.",
                max_words=150,
                max_tokens=500,
                source="after LLaDR's prompt 'good', in our words",
            ),
            PromptSpec(
                "structured",
                "1",
                "Background, treatment and caution, each apart from the others.",
                f"{_EXPERT} Answer with one JSON object with the texts background, treatment and "
                "caution and nothing else. Write plain English. Write only what is established; "
                "where you do not know the entity, leave all three texts empty.",
                "Entity: {name}. Type: {type}. Other names: {synonyms}.\n"
                "background (25 to 60 words): mechanism or nature. For a drug, no disease it is "
                "used for; for a disease, no drug.\n"
                "treatment (20 to 45 words; empty unless it is a drug or a disease): what the drug "
                "is used for, or how the disease is treated.\n"
                "caution (12 to 35 words; empty unless it is a drug or a disease): what it must "
                "not be combined with or given in, and why.",
                is_structured=True,
                max_words=150,
                max_tokens=500,
                source="LLaDoR",
            ),
        )
    }
)


def prompts_folder() -> Path:
    """Return the folder of the user's own prompts, a TOML file each. It may not exist."""
    return paths.home() / "prompts"


def user_prompts() -> tuple[dict[str, PromptSpec], list[str]]:
    """Return the user's prompts by name, and a sentence for each file that is none."""
    found: dict[str, PromptSpec] = {}
    problems: list[str] = []
    folder = prompts_folder()
    for file in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            spec = read_prompt(file)
            if spec.name in found or spec.name in PROMPTS:
                problems.append(
                    f"{file.name}: there is a prompt '{spec.name}' already; choose another name."
                )
                continue
            found[spec.name] = spec
        except (ConfigError, DataFormatError) as error:
            problems.append(str(error))
    return found, problems


def read_prompt(file: Path) -> PromptSpec:
    """Return the prompt in a TOML file: name, version, user, and whatever else a spec has.

    Raises
    ------
    DataFormatError
        It is not TOML in UTF-8, or has no name, version or user.
    ConfigError
        It has an unknown setting, or no {name} in it.
    """
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFormatError(f"{file.name} is not TOML in UTF-8 ({error}). Repair it.") from error
    content["version"] = str(content.get("version", "")).strip()
    missing = [key for key in ("name", "version", "user") if not content.get(key)]
    if missing:
        raise DataFormatError(
            f"{file.name} has no {' and no '.join(missing)}. A prompt needs name, version and "
            "user; system is optional."
        )
    try:
        return from_dict(PromptSpec, {"words": "A prompt of your own.", "system": "", **content})
    except ConfigError as error:
        raise ConfigError(f"{file.name}: {error}") from error


def write_prompt(spec: PromptSpec) -> Path:
    """Save a prompt of the user's, and return its file.

    Raises
    ------
    ConfigError
        The name is one of ours, or the same version is there with another wording.
    StorageError
        It cannot be written.
    """
    if spec.name in PROMPTS:
        raise ConfigError(f"'{spec.name}' is one of the prompts that ship with LLaDoR.")
    before = user_prompts()[0].get(spec.name)
    if before is not None and before != spec and before.version == spec.version:
        raise ConfigError(
            f"The prompt '{spec.name}' is there in version {spec.version} with another wording. "
            "Give the new wording a new version, so that answers to the old one stay apart."
        )
    values = dataclasses.asdict(spec)
    lines = [f"{key} = {_toml(value)}" for key, value in values.items()]
    file = prompts_folder() / f"{spec.name}.toml"
    paths.write_atomically(file, ("\n".join(lines) + "\n").encode())
    return file


def find_prompt(name: str) -> PromptSpec:
    """Return a prompt by name. Raises UnknownNameError, or as `read_prompt` for a broken file."""
    if name in PROMPTS:
        return PROMPTS[name]
    found, _ = user_prompts()
    file = prompts_folder() / f"{name}.toml"
    if name not in found and _NAME.fullmatch(name) and file.is_file():
        return read_prompt(file)  # says what is wrong with it
    return lookup("prompt", {**PROMPTS, **found}, name)


def _toml(value: str | bool | int) -> str:
    import json

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    # TOML's basic strings are JSON's but for DEL, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
