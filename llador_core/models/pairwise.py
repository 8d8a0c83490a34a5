"""Queries against candidates that a chunk of queries shares: values, and gradients written out.

A batch of queries is cut into chunks of equal length; each chunk has candidates of its own, which
are rows of one small table. One chunk for the whole batch is shared negatives, one row in a chunk
is negatives of each triple's own, all rows of the table is 1-vs-all. Inner products are matrix
products; distances are computed pair by pair and forgotten, so that (batch, candidates, dim) never
exists as a whole: by compiled loops on a processor, by fused kernels on a GPU, and block by block
in PyTorch where neither can be had.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from llador_core.models.kernels import DISTANCES

_log = logging.getLogger(__name__)
_BLOCK = 1 << 17  # numbers in one temporary on a processor: 512 kB, which a core's cache holds
_GPU_BLOCK = 1 << 26  # on a GPU: 256 MB
_VECTOR = 16  # floats in the widest register


def distances(kind: str, query: Tensor, table: Tensor, index: Tensor) -> Tensor:
    """Return distances of queries to their chunk's candidates.

    Parameters
    ----------
    kind : "l1", "moduli" or "sines"
        sum |q - c|; the sum of moduli of q - c read as complex; sum |sin((q - c) / 2)|.
    query : float32 Tensor of shape (batch, dim)
    table : float32 Tensor of shape (n_rows, dim)
    index : int64 Tensor of shape (n_chunks, n)
        Rows of `table`; chunk c is asked by rows [c * k, (c + 1) * k) of `query`, where
        k = batch / n_chunks.

    Returns
    -------
    Tensor of shape (batch, n)
    """
    out = query.new_empty(len(query), index.shape[1])
    loops = loops_for(query)
    if loops is not None:
        value = getattr(loops, f"{kind}_value")
        per_chunk = len(query) // len(index)
        value(query.numpy(), table.numpy(), index.numpy(), per_chunk, out.numpy())
        return out
    value = _fused(kind, "value", query.device.type)
    for chunks, rows, q, c in _blocks(query, table, index):
        _chunked(out, index)[chunks, rows] = value(q, c)
    return out


def distance_gradients(
    kind: str, query: Tensor, table: Tensor, index: Tensor, g: Tensor, to_table: Tensor
) -> Tensor:
    """Return the gradient with respect to the queries; add that of the candidates to `to_table`.

    Parameters
    ----------
    g : Tensor of shape (batch, n)
        Of the loss with respect to each distance.
    to_table : Tensor of shape (n_rows, dim), changed in place
    """
    to_query = torch.zeros_like(query)
    loops = loops_for(query)
    if loops is not None:
        gradient = getattr(loops, f"{kind}_gradient")
        numbers = query.shape[1] // (2 if kind == "moduli" else 1)
        threads = torch.get_num_threads()
        width = -(-numbers // threads // _VECTOR) * _VECTOR + _VECTOR
        gradient(
            query.numpy(),
            table.numpy(),
            index.numpy(),
            len(query) // len(index),
            width,
            g.numpy(),
            to_query.numpy(),
            to_table.numpy(),
        )
        return to_query
    for_query = _fused(kind, "to_query", query.device.type)
    for_candidates = _fused(kind, "to_candidates", query.device.type)
    for chunks, rows, q, c in _blocks(query, table, index):
        block = _chunked(g, index)[chunks, rows]
        _chunked(to_query, index)[chunks, rows] = for_query(q, c, block)
        to_candidates = for_candidates(q, c, block)  # (n_chunks, n, dim)
        add_rows(to_table, index[chunks].reshape(-1), to_candidates.flatten(0, 1))
    return to_query


def products(
    query: Tensor, table: Tensor, index: Tensor, kind: torch.dtype = torch.float32
) -> Tensor:
    """Return inner products of queries with their chunk's candidates, shapes as in `distances`.

    Parameters
    ----------
    kind : dtype
        What factors are rounded to before they are multiplied.
    """
    out = query.new_empty(len(query), index.shape[1])
    for chunks in _chunks(query, index):
        q, c = _chunked(query, index)[chunks].to(kind), _rows(table, index[chunks]).to(kind)
        _chunked(out, index)[chunks] = torch.bmm(q, c.mT).float()
    return out


def product_gradients(
    query: Tensor,
    table: Tensor,
    index: Tensor,
    g: Tensor,
    to_table: Tensor,
    kind: torch.dtype = torch.float32,
) -> Tensor:
    """Return the gradient of `products`, as `distance_gradients` does."""
    to_query = torch.empty_like(query)
    for chunks in _chunks(query, index):
        q, c = _chunked(query, index)[chunks].to(kind), _rows(table, index[chunks]).to(kind)
        block = _chunked(g, index)[chunks].to(kind)
        _chunked(to_query, index)[chunks] = torch.bmm(block, c).float()
        to_candidates = torch.bmm(block.mT, q).float()  # (n_chunks, n, dim)
        add_rows(to_table, index[chunks].reshape(-1), to_candidates.flatten(0, 1))
    return to_query


def row_products(query: Tensor, table: Tensor, index: Tensor) -> Tensor:
    """Return the inner product of each query with its one candidate, shape (batch, 1)."""
    return (query * table.index_select(0, index[:, 0])).sum(-1, keepdim=True)


def row_product_gradients(
    query: Tensor, table: Tensor, index: Tensor, g: Tensor, to_table: Tensor
) -> Tensor:
    """Return the gradient of `row_products`, as `distance_gradients` does."""
    add_rows(to_table, index[:, 0], g * query)
    return g * table.index_select(0, index[:, 0])


def add_rows(to_table: Tensor, index: Tensor, rows: Tensor) -> None:
    """Add rows, shape (n, dim), to those rows of `to_table` that `index`, shape (n,), names."""
    loops = loops_for(to_table)
    if loops is None:
        to_table.index_add_(0, index, rows)
    else:
        loops.add_rows(to_table.numpy(), index.numpy(), rows.numpy())


def _chunked(rows: Tensor, index: Tensor) -> Tensor:
    """Return (batch, ...) seen as (n_chunks, batch / n_chunks, ...)."""
    return rows.view(len(index), -1, *rows.shape[1:])


def _rows(table: Tensor, index: Tensor) -> Tensor:
    """Return rows of a table, shape (*index.shape, dim)."""
    return table.index_select(0, index.reshape(-1)).view(*index.shape, -1)


def _limit(query: Tensor) -> int:
    return _BLOCK if query.device.type == "cpu" else _GPU_BLOCK


def _chunks(query: Tensor, index: Tensor) -> Iterator[slice]:
    """Yield spans of chunks whose candidates fit a block."""
    step = max(1, _limit(query) // max(1, index.shape[1] * query.shape[1]))
    for start in range(0, len(index), step):
        yield slice(start, start + step)


def _blocks(
    query: Tensor, table: Tensor, index: Tensor
) -> Iterator[tuple[slice, slice, Tensor, Tensor]]:
    """Yield spans of chunks and of rows in a chunk, the queries and the candidates there."""
    per_row = max(1, index.shape[1] * query.shape[1])
    n_rows = len(query) // len(index)
    row_step = min(n_rows, max(1, _limit(query) // per_row))
    chunk_step = max(1, _limit(query) // (per_row * row_step))
    for start in range(0, len(index), chunk_step):
        chunks = slice(start, start + chunk_step)
        candidates = _rows(table, index[chunks])  # (chunks, n, dim)
        for first in range(0, n_rows, row_step):
            rows = slice(first, first + row_step)
            yield chunks, rows, _chunked(query, index)[chunks, rows], candidates


def _value(kind: str, q: Tensor, c: Tensor) -> Tensor:
    return DISTANCES[kind].value(q[:, :, None], c[:, None])


def _to_query(kind: str, q: Tensor, c: Tensor, g: Tensor) -> Tensor:
    return DISTANCES[kind].gradient(q[:, :, None], c[:, None], g).sum(2)


def _to_candidates(kind: str, q: Tensor, c: Tensor, g: Tensor) -> Tensor:
    return -DISTANCES[kind].gradient(q[:, :, None], c[:, None], g).sum(1)


_PARTS: Mapping[str, Callable[..., Tensor]] = {
    "value": _value,
    "to_query": _to_query,
    "to_candidates": _to_candidates,
}


@functools.cache
def _fused(kind: str, part: str, device: str) -> Callable[..., Tensor]:
    """Return a function of one block, fused on an NVIDIA GPU so that no block is written out."""
    plain: Callable[..., Tensor] = functools.partial(_PARTS[part], kind)
    if device != "cuda":
        return plain
    compiled: Callable[..., Tensor] = torch.compile(plain, dynamic=False)
    works = True  # until the compiler fails, for want of a C compiler for instance

    def either(*arguments: Tensor) -> Tensor:
        nonlocal works
        if works:
            try:
                return compiled(*arguments)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the compiler lacks, PyTorch has not
                _log.warning("No fused kernels (%s); slower ones are used.", error)
                works = False
        return plain(*arguments)

    return either


def loops_for(tensor: Tensor) -> Any:
    """Return the module of compiled loops for tensors of the processor, None without numba."""
    if tensor.device.type != "cpu":
        return None
    loops = compiled_loops()
    if loops is not None:
        import numba

        limit: int = numba.config.NUMBA_NUM_THREADS
        numba.set_num_threads(min(torch.get_num_threads(), limit))
    return loops


@functools.cache
def compiled_loops() -> Any:
    """Return `models.compiled`, None where numba cannot be imported."""
    try:
        from llador_core.models import compiled
    except ImportError as error:
        _log.warning("numba cannot be used (%s); training is slower without it.", error)
        return None
    # numba starts its threads on first use and, through the OpenMP library that both share, sets
    # how many PyTorch uses
    n_threads = torch.get_num_threads()
    compiled.start_threads(np.zeros(1, np.float32))
    torch.set_num_threads(n_threads)
    return compiled
