"""One lookup for every table of specs."""

from __future__ import annotations

import pytest

from llador_core.errors import UnknownNameError
from llador_core.registry import lookup

TABLE = {"transe": 1, "rotate": 0}


def test_a_registered_name_gives_its_spec() -> None:
    assert lookup("model", TABLE, "transe") == 1
    assert lookup("model", TABLE, "rotate") == 0


def test_an_unknown_name_gives_the_kind_and_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no model named 'rotat'.*'rotate'") as error:
        lookup("model", TABLE, "rotat")
    assert error.value.nearest[0] == "rotate"
