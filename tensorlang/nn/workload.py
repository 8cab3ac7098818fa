"""Workloads: a layer's operation, shape and epilogue as plain data, the key of tuning records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, TypeAlias

from tensorlang.dtypes import parse_dtype
from tensorlang.errors import LanguageError, TensorlangError
from tensorlang.nn.codec import Json, decode, encode, parse_json

# Fields that came after the first records and studies, which go by a workload's text: it stays as it was without them.
_OPTIONAL: Mapping[str, Json] = {"clip": None, "constant_b": True}
_NEVER = object()


@dataclass(frozen=True)
class _Workload:
    """What all workloads share: data and JSON in both directions."""

    op: ClassVar[str]

    @property
    def epilogue(self) -> str:
        """What follows the reduction: ``"none"``, or ``"bias"``, ``"relu"`` and ``"clip"`` as in ``"bias+clip"``."""
        return "+".join(name for name in ("bias", "relu", "clip") if getattr(self, name)) or "none"

    def to_data(self) -> dict[str, Json]:
        """The workload as a JSON object: ``op``, then every field but the optional ones that hold their default."""
        data = encode(self)
        assert isinstance(data, dict)
        return {"op": self.op, **{name: item for name, item in data.items() if item != _OPTIONAL.get(name, _NEVER)}}

    def to_json(self) -> str:
        """The workload as one line of JSON; `workload_from_json` reads it back."""
        return json.dumps(self.to_data())


@dataclass(frozen=True)
class Gemm(_Workload):
    """``out[i, j] = act(sum over k of a[i, k] * b[k, j] + bias[j])``, i < m, j < n; b and bias are weights.

    With ``constant_b=False``, b is an argument of every call like a, and what is made of it is made in the call.
    The activation is ReLU, ``max(x, 0)``, or with ``clip=(low, high)`` it is ``min(max(x, low), high)``; ReLU6 is
    ``clip=(0, 6)``.
    """

    op: ClassVar[str] = "gemm"

    m: int
    n: int
    k: int
    bias: bool = True
    relu: bool = False
    dtype: str = "float32"
    clip: tuple[float, float] | None = None
    constant_b: bool = True

    def __post_init__(self) -> None:
        _check(self, "m", "n", "k")

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.m * self.n * self.k

    def __str__(self) -> str:
        return f"gemm {self.m}x{self.n}x{self.k}" + ("" if self.constant_b else " of two arguments")


@dataclass(frozen=True)
class Conv2d(_Workload):
    """A 2-D convolution of an (n, h, w, c) image with an (r, s, c / groups, k) filter, giving (n, p, q, k).

    Pairs are (vertical, horizontal). Output channel ``k`` reads the ``c / groups`` input channels of its group. What
    follows is as in `Gemm`; with `clip`, `relu` is False.
    """

    op: ClassVar[str] = "conv2d"

    n: int
    h: int
    w: int
    c: int
    k: int
    r: int
    s: int
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    bias: bool = True
    relu: bool = True
    dtype: str = "float32"
    clip: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _check(self, "n", "h", "w", "c", "k", "r", "s", "groups")
        _check_geometry(self)
        if self.c % self.groups or self.k % self.groups:
            raise LanguageError(f"{self}: groups={self.groups} must divide c={self.c} and k={self.k}.")

    @property
    def p(self) -> int:
        """Height of the output."""
        return output_extent(self.h, self.r, self.stride[0], self.padding[0], self.dilation[0])

    @property
    def q(self) -> int:
        """Width of the output."""
        return output_extent(self.w, self.s, self.stride[1], self.padding[1], self.dilation[1])

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those on padding included."""
        return self.n * self.p * self.q * self.k * self.r * self.s * (self.c // self.groups)

    def __str__(self) -> str:
        groups = f" groups {self.groups}" if self.groups > 1 else ""
        return f"conv2d {self.n}x{self.h}x{self.w}x{self.c} -> {self.k}, {_filter_text(self)}{groups}"


@dataclass(frozen=True)
class DepthwiseConv2d(_Workload):
    """A 2-D convolution of each channel of an (n, h, w, c) image by its own filters, giving (n, p, q, c * multiplier).

    Output channel ``k`` reads input channel ``k // multiplier``. Pairs are (vertical, horizontal). What follows is as
    in `Gemm`; with `clip`, `relu` is False.
    """

    op: ClassVar[str] = "depthwise_conv2d"

    n: int
    h: int
    w: int
    c: int
    r: int
    s: int
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    multiplier: int = 1
    bias: bool = True
    relu: bool = True
    dtype: str = "float32"
    clip: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _check(self, "n", "h", "w", "c", "r", "s", "multiplier")
        _check_geometry(self)

    @property
    def k(self) -> int:
        """Number of output channels."""
        return self.c * self.multiplier

    @property
    def p(self) -> int:
        """Height of the output."""
        return output_extent(self.h, self.r, self.stride[0], self.padding[0], self.dilation[0])

    @property
    def q(self) -> int:
        """Width of the output."""
        return output_extent(self.w, self.s, self.stride[1], self.padding[1], self.dilation[1])

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those on padding included."""
        return self.n * self.p * self.q * self.k * self.r * self.s

    def __str__(self) -> str:
        multiplier = f" x{self.multiplier}" if self.multiplier > 1 else ""
        return f"depthwise_conv2d {self.n}x{self.h}x{self.w}x{self.c}{multiplier}, {_filter_text(self)}"


_FLOAT_BITS = 53
"""Integers of so many bits are floats too [bit]."""

Workload: TypeAlias = Gemm | Conv2d | DepthwiseConv2d
WORKLOADS: Mapping[str, type[Workload]] = {kind.op: kind for kind in (Gemm, Conv2d, DepthwiseConv2d)}


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


def output_extent(size: int, filter_size: int, stride: int, padding: int, dilation: int) -> int:
    """Number of places of a dilated filter on a padded axis, `stride` apart; 0 or less if it does not fit."""
    return (size + 2 * padding - dilation * (filter_size - 1) - 1) // stride + 1


def _check(workload: Workload, *sizes: str) -> None:
    kind = type(workload).__name__
    for name in sizes:
        value = getattr(workload, name)
        if type(value) is not int or value < 1:
            raise LanguageError(f"{kind}: {name} must be an integer >= 1, but got {value!r}.")
    element = parse_dtype(workload.dtype)
    if element.is_bool or element.is_storage_only:
        raise LanguageError(
            f"{kind}: sums cannot be accumulated in {element}.", hint="use float32, float64 or an integer type"
        )
    if workload.clip is not None:
        _check_clip(workload, is_integer=element.is_integer)


def _check_clip(workload: Workload, is_integer: bool) -> None:
    kind, clip = type(workload).__name__, workload.clip
    numbers = "integers" if is_integer else "finite numbers"
    if not isinstance(clip, tuple) or len(clip) != 2 or not all(_is_bound(bound, is_integer) for bound in clip):
        raise LanguageError(f"{kind}: clip must be a pair of {numbers} or None, but got {clip!r}.")
    low, high = clip
    if low > high:
        raise LanguageError(f"{kind}: low <= high must hold for clip=(low, high), but got {clip!r}.")
    if workload.relu:
        raise LanguageError(
            f"{kind}: a layer has one activation, but got relu=True and clip={clip!r}.",
            hint=f"relu=False, clip={(max(low, 0), max(high, 0))!r}",
        )
    # (0, 6) and (0.0, 6.0) are one workload and have one text.
    object.__setattr__(workload, "clip", (float(low), float(high)))


def _is_bound(bound: object, is_integer: bool) -> bool:
    if type(bound) is float:
        return isfinite(bound) and not (is_integer and bound % 1)
    return type(bound) is int and bound.bit_length() <= _FLOAT_BITS


def _check_geometry(workload: Conv2d | DepthwiseConv2d) -> None:
    for name, least in (("stride", 1), ("padding", 0), ("dilation", 1)):
        pair = getattr(workload, name)
        if not isinstance(pair, tuple) or len(pair) != 2 or any(type(v) is not int or v < least for v in pair):
            kind = type(workload).__name__
            raise LanguageError(f"{kind}: {name} must be a pair of integers >= {least}, but got {pair!r}.")
    if workload.p < 1 or workload.q < 1:
        raise LanguageError(
            f"{workload}: the filter does not fit the padded image (its output would be {workload.p}x{workload.q}).",
            rule="(extent + 2 * padding - dilation * (filter - 1) - 1) // stride + 1 >= 1",
        )


def _filter_text(workload: Conv2d | DepthwiseConv2d) -> str:
    parts = [f"{workload.r}x{workload.s}"]
    for name, plain in (("stride", (1, 1)), ("padding", (0, 0)), ("dilation", (1, 1))):
        pair = getattr(workload, name)
        if pair != plain:
            parts.append(f"{name} {pair[0]}" if pair[0] == pair[1] else f"{name} {pair[0]}x{pair[1]}")
    return " ".join(parts)
