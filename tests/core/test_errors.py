"""Errors are sentences for the person at the screen."""

from __future__ import annotations

import pytest

from llador_core import errors
from llador_core.errors import LladorError, UnknownNameError, join_names, nearest_names


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "'a'"),
        (["a", "b"], "'a' or 'b'"),
        (["a", "b", "c"], "'a', 'b' or 'c'"),
    ],
)
def test_names_are_listed_as_a_person_would(names: list[str], text: str) -> None:
    assert join_names(names) == text


def test_the_nearest_name_is_first() -> None:
    assert nearest_names("rotat", ["transe", "rotate", "protate"])[0] == "rotate"


def test_without_a_near_name_few_are_listed_whole_and_many_are_cut() -> None:
    assert nearest_names("zzz", ["b", "a"]) == ["b", "a"]
    many = [f"entry{i:02}" for i in range(40)]
    assert nearest_names("zzz", reversed(many), n=3) == many[:3]


def test_an_unknown_name_says_what_was_asked_what_is_near_and_what_to_do() -> None:
    error = UnknownNameError("graph", "startr", ["starter"], "Or give a folder.")
    assert str(error) == (
        "There is no graph named 'startr'. Did you mean 'starter'? Or give a folder."
    )
    assert str(UnknownNameError("run", "x", [])) == "There is no run named 'x'."


def test_every_error_of_ours_is_caught_at_the_edge() -> None:
    ours = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert len(ours) > 5
    assert all(issubclass(kind, LladorError) for kind in ours)
