from dataclasses import dataclass
from typing import Literal

import pytest

from llador_core.config import check_range, from_dict, with_settings
from llador_core.errors import ConfigError


@dataclass(frozen=True)
class AnchorConfig:
    mix: float = 0.6
    dim: int = 128
    reduce: Literal["slice", "pca"] = "pca"
    patience: int | None = None

    def __post_init__(self) -> None:
        check_range("AnchorConfig", "mix", self.mix, 0, 1)


def test_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no setting 'mx'\. Did you mean 'mix'"):
        from_dict(AnchorConfig, {"mx": 0.3})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mix": "much"}, "mix must be of type float"),
        ({"mix": True}, "mix must be of type float"),
        ({"dim": 12.5}, "dim must be of type int"),
        ({"mix": 1.5}, "mix must be from 0 to 1, found 1.5"),
        ({"reduce": "slize"}, "'slize' is not a reduce. Choose 'slice'"),
    ],
)
def test_wrong_values_say_what_is_wanted(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_dict(AnchorConfig, values)


def test_command_line_assignments_change_only_what_they_name() -> None:
    changed = with_settings(AnchorConfig(), ["mix=1", "reduce=slice", "patience=3"])
    assert changed == AnchorConfig(mix=1.0, dim=128, reduce="slice", patience=3)
    assert with_settings(changed, ["patience=null"]).patience is None


def test_an_assignment_without_a_value_is_refused() -> None:
    with pytest.raises(ConfigError, match="key=value"):
        with_settings(AnchorConfig(), ["mix"])
