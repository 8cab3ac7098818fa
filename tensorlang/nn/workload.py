"""Workloads of all kinds, and how they are read back from JSON: the key of tuning records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from tensorlang.errors import LanguageError, TensorlangError
from tensorlang.nn.codec import Json, decode, parse_json
from tensorlang.nn.workloads.convolution import Conv2d, DepthwiseConv2d
from tensorlang.nn.workloads.dense import Gemm
from tensorlang.nn.workloads.pooling import Pool2d
from tensorlang.nn.workloads.rows import LayerNorm, Softmax

FusedWorkload: TypeAlias = Gemm | Conv2d | DepthwiseConv2d
"""Those that bias, residual and activation may follow."""
Workload: TypeAlias = FusedWorkload | Pool2d | Softmax | LayerNorm
WORKLOADS: Mapping[str, type[Workload]] = {
    kind.op: kind for kind in (Gemm, Conv2d, DepthwiseConv2d, Pool2d, Softmax, LayerNorm)
}


def workload_from_data(data: Json, *, error: type[TensorlangError] = LanguageError) -> Workload:
    """Return the workload that `data` (as `to_data` gives it) describes.

    Raises
    ------
    TensorlangError
        Of class `error`: unknown op or field, missing field, wrong type. LanguageError: sizes that make no layer.
    """
    if not isinstance(data, dict) or not isinstance(data.get("op"), str):
        raise error("a workload must be an object with an 'op'.", legal=" | ".join(WORKLOADS))
    op = str(data["op"])
    if op not in WORKLOADS:
        raise error(f"there is no workload {op!r}.", legal=" | ".join(WORKLOADS))
    return decode(WORKLOADS[op], {name: item for name, item in data.items() if name != "op"}, error=error, path=op)


def workload_from_json(text: str) -> Workload:
    """Return the workload that one JSON document describes: the inverse of ``workload.to_json()``.

    Raises
    ------
    LanguageError
        If the text is not a workload's.
    """
    return workload_from_data(parse_json(text, what="the workload"))


__all__ = [
    "WORKLOADS",
    "Conv2d",
    "DepthwiseConv2d",
    "FusedWorkload",
    "Gemm",
    "LayerNorm",
    "Pool2d",
    "Softmax",
    "Workload",
    "workload_from_data",
    "workload_from_json",
]
