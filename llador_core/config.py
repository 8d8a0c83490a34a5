"""Settings as frozen dataclasses: checked when made, strict when read."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping, Sequence
from typing import (
    Any,
    ClassVar,
    Literal,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from llador_core.errors import ConfigError, join_names, nearest_names


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Config = TypeVar("Config", bound=_Dataclass)


def from_dict(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """Return a `kind` with `values` for its settings, refusing what it does not have.

    Raises
    ------
    ConfigError
        A name is unknown (the nearest is given) or a value has the wrong type or range.
    """
    hints = get_type_hints(kind)
    known = {field.name for field in dataclasses.fields(kind)}
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            hint = join_names(nearest_names(name, sorted(known), n=2))
            raise ConfigError(f"{kind.__name__} has no setting '{name}'. Did you mean {hint}?")
        checked[name] = _checked(kind.__name__, name, value, hints[name])
    return kind(**checked)


def with_settings(config: Config, assignments: Sequence[str]) -> Config:
    """Return a copy of `config` changed by "key=value" strings, as typed on the command line.

    A value is read as JSON where it is JSON (numbers, true, false, null), else as text.
    """
    values = dataclasses.asdict(config)
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigError(
                f"'{assignment}' is not a setting. Write it as key=value, e.g. dim=64."
            )
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        values[name.strip()] = value
    return from_dict(type(config), values)


def _checked(kind: str, name: str, value: Any, hint: Any) -> Any:
    """Return `value` when it fits the annotation, an int as a float where a float is meant."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    for option in options:
        if option is type(None) and value is None:
            return None
        if get_origin(option) is Literal and value in get_args(option):
            return value
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if option in (int, str, bool) and type(value) is option:
            return value
    choices = [c for option in options if get_origin(option) is Literal for c in get_args(option)]
    if choices:
        near = join_names(nearest_names(str(value), choices))
        raise ConfigError(f"{kind}: '{value}' is not a {name}. Choose {near}.")
    wanted = " or ".join(getattr(option, "__name__", str(option)) for option in options)
    raise ConfigError(f"{kind}: {name} must be of type {wanted}, found {value!r}.")


def check_range(kind: str, name: str, value: float, low: float, high: float) -> None:
    """Raise ConfigError unless low <= value <= high."""
    if not low <= value <= high:
        raise ConfigError(f"{kind}: {name} must be from {low:g} to {high:g}, found {value:g}.")
