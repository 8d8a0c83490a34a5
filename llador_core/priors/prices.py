"""What tokens cost: a table that ships with the app, and the user's own that wins over it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llador_core import paths
from llador_core.errors import DataFormatError

PRICES_FILE = "prices.toml"
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens.

    Attributes
    ----------
    input_usd, output_usd : float
    checked : str
        When, "" where the table does not say.
    batch_discount : float in [0, 1]
        Share that the batch endpoint saves.
    """

    input_usd: float
    output_usd: float
    checked: str = ""
    batch_discount: float = 0.0

    def cost(self, tokens_in: float, tokens_out: float, is_batch: bool = False) -> float:
        """Return US dollars."""
        full = (tokens_in * self.input_usd + tokens_out * self.output_usd) / 1e6
        return full * (1 - self.batch_discount) if is_batch else full


def user_file() -> Path:
    """Return the user's own table. It may not exist."""
    return paths.home() / PRICES_FILE


def find_price(model: str) -> Price | None:
    """Return what a model costs, None where neither table has it.

    Raises
    ------
    DataFormatError
        A table is not TOML, or a price is not a number of 0 or more.
    """
    tables = [read_prices(file) for file in (user_file(), paths.assets() / PRICES_FILE)]
    discounts = (table["batch_discount"] for table in tables if "batch_discount" in table)
    discount = next(discounts, 0.0)
    for name in dict.fromkeys((model, _DATED.sub("", model))):
        for table in tables:
            if name in table["models"]:
                row = table["models"][name]
                return Price(row["input"], row["output"], row["checked"], discount)
    return None


def read_prices(file: Path) -> dict[str, Any]:
    """Return a checked table: "models" and, where it says so, "batch_discount"."""
    if not file.is_file():
        return {"models": {}}
    example = 'Write each model as [models."NAME"] with input and output in US dollars per million.'
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFormatError(f"{file} is not TOML in UTF-8 ({error}). {example}") from error
    models = content.get("models", {})
    rows: dict[str, Any] = {}
    for name, row in models.items() if isinstance(models, dict) else ():
        prices = {key: row.get(key, 0.0) for key in ("input", "output")} if _is_row(row) else {}
        if not prices or not all(_is_price(p) for p in prices.values()):
            raise DataFormatError(f"{file}: '{name}' has no price that is a number. {example}")
        rows[name] = {**prices, "checked": str(row.get("checked", ""))}
    checked: dict[str, Any] = {"models": rows}
    if "batch_discount" in content:
        discount = content["batch_discount"]
        if not _is_price(discount) or discount > 1:
            raise DataFormatError(f"{file}: batch_discount must lie between 0 and 1.")
        checked["batch_discount"] = float(discount)
    return checked


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and "input" in row


def _is_price(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6
