"""Blocked kernels against the formula written out, values and gradients."""

import pytest
import torch

from llador_core.models import kernels
from llador_core.models.kernels import distances_to, products_with


def written_out(kind: str, query: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
    difference = query[:, None] - candidates
    if kind == "dot":
        return (query[:, None] * candidates).sum(-1)
    if kind == "l1":
        return difference.abs().sum(-1)
    if kind == "moduli":
        re, im = difference.chunk(2, -1)
        return (re**2 + im**2).sqrt().sum(-1)
    return (difference / 2).sin().abs().sum(-1)


@pytest.mark.parametrize("kind", ["dot", "l1", "moduli", "sines"])
@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("block", [1, 100, 1 << 17])
def test_values_and_gradients(
    kind: str, is_shared: bool, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "_BLOCK", block)
    generator = torch.Generator().manual_seed(0)
    query = torch.randn(7, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    table = torch.randn(11, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    index = None if is_shared else torch.randint(11, (7, 5), generator=generator)
    candidates = table[None] if index is None else table[index]
    expected = written_out(kind, query, candidates)
    weights = torch.randn(expected.shape, generator=generator, dtype=torch.float64)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), [query, table])
    if kind == "dot":
        found = products_with(query, table, index)
    else:
        found = distances_to(kind, query, table, index)
    gradients = torch.autograd.grad((found * weights).sum(), [query, table])
    torch.testing.assert_close(found, expected)
    for ours, theirs in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(ours, theirs)
