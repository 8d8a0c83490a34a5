"""Prompts: ours are sound, the user's are checked, and rendering fills in what was asked for."""

from __future__ import annotations

import dataclasses

import pytest

from llador_core.errors import ConfigError, DataFormatError, UnknownNameError
from llador_core.priors.prompts import (
    PROMPTS,
    PromptSpec,
    find_prompt,
    prompts_folder,
    user_prompts,
    write_prompt,
)

MINE = PromptSpec("mine", "2", "Mine.", "Be brief.", "What is {name}, a {type}? ({synonyms})")


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))


@pytest.mark.parametrize("spec", PROMPTS.values(), ids=lambda spec: spec.name)
def test_every_prompt_asks_about_the_entity(spec):
    system, user = spec.render("donepezil", "Compound", ("aricept", "E2020"))
    if not spec.asks:
        assert (system, user) == ("", "")
        return
    assert "donepezil" in user
    assert "{" not in system + user
    assert spec.words and spec.source
    other = spec.render("memantine", "Compound", ())
    assert other != (system, user)


def test_places_are_filled_in_once():
    spec = PromptSpec("x", "1", "", "", "{name} / {type} / {synonyms}")
    assert spec.render("{type}", "Gene", ())[1] == "{type} / gene / none"
    names = tuple(f"s{i}" for i in range(20))
    assert spec.render("a", "Gene", names)[1] == "a / gene / s0, s1, s2, s3, s4, s5, s6, s7"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"user": "What is it?"}, r"no \{name\}"),
        ({"user": "{name} and {disease}"}, r"\{disease\}, which nothing fills in"),
        ({"name": "a/b"}, "cannot be the name of a prompt"),
    ],
)
def test_a_prompt_that_could_not_work_is_refused(changes, told):
    with pytest.raises(ConfigError, match=told):
        dataclasses.replace(MINE, **changes)


def test_a_users_prompt_is_written_and_found_again():
    odd = dataclasses.replace(MINE, system='Quotes " and \\ and\nlines\tand \x7f and ü', words="W")
    write_prompt(odd)
    assert find_prompt("mine") == odd
    assert user_prompts() == ({"mine": odd}, [])
    with pytest.raises(ConfigError, match="new version"):
        write_prompt(dataclasses.replace(odd, user="Other words about {name}."))
    write_prompt(dataclasses.replace(odd, user="Other words about {name}.", version="3"))
    assert find_prompt("mine").version == "3"
    with pytest.raises(ConfigError, match="ship with LLaDoR"):
        write_prompt(dataclasses.replace(MINE, name="good"))


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ('name = "mine"\nversion = 1\nuser = "no place"', ConfigError, r"mine.toml:.*no \{name\}"),
        ('name = "mine"\nuser = "{name}"', DataFormatError, "has no version"),
        ("name = [", DataFormatError, "is not TOML"),
        ('name = "mine"\nversion = "1"\nuser = "{name}"\nuzer = "x"', ConfigError, "'uzer'"),
    ],
)
def test_a_broken_file_says_what_is_wrong(content, error, told):
    prompts_folder().mkdir()
    (prompts_folder() / "mine.toml").write_text(content)
    with pytest.raises(error, match=told):
        find_prompt("mine")
    found, problems = user_prompts()
    assert found == {}
    assert len(problems) == 1


def test_a_numeric_version_is_a_version():
    prompts_folder().mkdir()
    (prompts_folder() / "mine.toml").write_text('name = "mine"\nversion = 1\nuser = "{name}"')
    assert find_prompt("mine").version == "1"


def test_an_unknown_prompt_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="'good'"):
        find_prompt("goood")
