"""The table of prices as rows, and saving the user's own."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from llador_core import paths
from llador_core.errors import ConfigError
from llador_core.priors.prices import PRICES_FILE, read_prices, user_file


def price_rows() -> list[dict[str, Any]]:
    """Return model, input, output (US dollars for a million tokens), checked; user's own first.

    Raises DataFormatError for a table that cannot be read.
    """
    own = read_prices(user_file())["models"]
    ours = read_prices(paths.assets() / PRICES_FILE)["models"]
    return [
        {"model": name, **row}
        for name, row in {**own, **{k: v for k, v in ours.items() if k not in own}}.items()
    ]


def save_prices(rows: Sequence[Mapping[str, Any]]) -> int:
    """Add rows to the user's own table, and return how many there were; others stay.

    A row without any price is left out.

    Raises
    ------
    ConfigError
        A price is not a number of 0 or more, or a row has no model.
    DataFormatError, StorageError
        The user's table cannot be read or written.
    """
    content = read_prices(user_file())
    models: dict[str, dict[str, Any]] = dict(content["models"])
    n = 0
    for row in rows:
        prices = [row.get("input"), row.get("output")]
        if all(price is None for price in prices):
            continue
        name = str(row.get("model") or "").strip()
        if not name or not name.isprintable():
            raise ConfigError("A price needs the name of its model.")
        if not all(p is None or (math.isfinite(p) and 0 <= p < 1e6) for p in prices):
            raise ConfigError(f"The price of '{name}' is not a number of 0 or more.")
        checked = str(row.get("checked") or "") or datetime.now(UTC).strftime("%Y-%m-%d")
        models[name] = {"input": prices[0] or 0.0, "output": prices[1] or 0.0, "checked": checked}
        n += 1
    if not n:
        return 0
    lines = []
    if "batch_discount" in content:
        lines.append(f"batch_discount = {content['batch_discount']}\n")
    for name, row in models.items():
        lines.append(f"[models.{json.dumps(name)}]")
        lines += [f"{key} = {float(row[key])!r}" for key in ("input", "output")]
        lines.append(f"checked = {json.dumps(row['checked'])}\n")
    paths.write_atomically(user_file(), "\n".join(lines).encode())
    return n
