"""Boundary conditions: an array with a value defined outside of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import TypeAlias

from tensorlang.errors import LanguageError, caller_location
from tensorlang.lang.expr import Expr, as_expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import clamp, select
from tensorlang.lang.functions import min as elementwise_min
from tensorlang.lang.input import Input
from tensorlang.lang.names import split_names
from tensorlang.lang.tuples import ValueLike
from tensorlang.lang.var import Var

Pad: TypeAlias = int | Sequence[int | None] | None
Bounds: TypeAlias = Sequence[tuple[int, int]] | None
_Side: TypeAlias = tuple[int, int]


def constant_exterior(
    source: Input | Func,
    value: ValueLike,
    pad: Pad = None,
    *,
    bounds: Bounds = None,
    vars: str | None = None,
    name: str | None = None,
) -> Func:
    """`source` inside its bounds, `value` outside: ``padded[i] == source[i - pad]`` for each dimension.

    Parameters
    ----------
    source : Input or Func
    value : Expr or scalar, or a tuple of them
        In the types of `source`; narrower types widen.
    pad : int, sequence of int or None, or None
        How far `source` is shifted, for each dimension (one int stands for all). A dimension of pad 0 is not extended:
        reads outside of it remain errors. None (for one dimension or all) extends without a shift.
    bounds : sequence of (min, extent), optional
        Where `source` is defined; by default the shape of an Input. Needed for a Func.
    vars : str, optional
        Names of the dimensions; by default those of a Func, and ``d0 d1 ...`` for an Input.
    name : str, optional
        Name of the new Func; by default that of `source` with ``_padded``.

    Raises
    ------
    LanguageError
        If pad, bounds or vars do not have one entry for each dimension, or a Func has no bounds.

    Notes
    -----
    `source` is read at clamped coordinates on both sides of a select, so that every read is in bounds.

    Examples
    --------
    >>> x = Input("x", (8,), "float32")
    >>> constant_exterior(x, 0.0, 1, vars="i").vars
    ('i',)
    """
    result, places, dims = _start("constant_exterior", source, pad, bounds, vars, name)
    inside: Expr | None = None
    for at, side in dims:
        if side is not None:
            within = (at >= side[0]) & (at < side[0] + side[1])
            inside = within if inside is None else inside & within
    element = source[tuple(at if side is None else _edge(at, *side) for at, side in dims)]
    result[places] = element if inside is None else select(inside, element, value)
    return result


def repeat_edge(
    source: Input | Func, pad: Pad = None, *, bounds: Bounds = None, vars: str | None = None, name: str | None = None
) -> Func:
    """`source`, its edge repeated outside: ``a a a | a b c | c c c`` (NumPy's ``edge``). Parameters as above."""
    return _remap("repeat_edge", source, pad, bounds, vars, name, _edge)


def repeat_image(
    source: Input | Func, pad: Pad = None, *, bounds: Bounds = None, vars: str | None = None, name: str | None = None
) -> Func:
    """`source` repeated: ``a b c | a b c | a b c`` (NumPy's ``wrap``). Parameters as in `constant_exterior`."""
    return _remap("repeat_image", source, pad, bounds, vars, name, _image)


def mirror_image(
    source: Input | Func, pad: Pad = None, *, bounds: Bounds = None, vars: str | None = None, name: str | None = None
) -> Func:
    """`source` reflected, edges twice: ``c b a | a b c | c b a`` (NumPy's ``symmetric``). Parameters as above."""
    return _remap("mirror_image", source, pad, bounds, vars, name, _mirror)


def mirror_interior(
    source: Input | Func, pad: Pad = None, *, bounds: Bounds = None, vars: str | None = None, name: str | None = None
) -> Func:
    """`source` reflected, edges once: ``c b | a b c | b a`` (NumPy's ``reflect``). Parameters as above."""
    return _remap("mirror_interior", source, pad, bounds, vars, name, _interior)


def _remap(
    function: str,
    source: Input | Func,
    pad: Pad,
    bounds: Bounds,
    vars: str | None,
    name: str | None,
    coordinate: Callable[[Expr, int, int], Expr],
) -> Func:
    result, places, dims = _start(function, source, pad, bounds, vars, name)
    result[places] = source[tuple(at if side is None else coordinate(at, *side) for at, side in dims)]
    return result


def _edge(at: Expr, low: int, extent: int) -> Expr:
    return clamp(at, low, low + extent - 1)


def _image(at: Expr, low: int, extent: int) -> Expr:
    return (at - low) % extent + low


def _mirror(at: Expr, low: int, extent: int) -> Expr:
    place = (at - low) % (2 * extent)
    # The third operand never is the least; bounds inference, which takes the operands apart, sees by it what is read.
    return elementwise_min(place, 2 * extent - 1 - place, extent - 1) + low


def _interior(at: Expr, low: int, extent: int) -> Expr:
    if extent == 1:
        return as_expr(low)
    place = (at - low) % (2 * extent - 2)
    return elementwise_min(place, 2 * extent - 2 - place, extent - 1) + low


def _start(
    function: str, source: Input | Func, pad: Pad, bounds: Bounds, vars: str | None, name: str | None
) -> tuple[Func, tuple[Var, ...], list[tuple[Expr, _Side | None]]]:
    """The new Func, its Vars, and for each dimension the coordinate in `source` and the side to extend, if any."""
    rank = source.shape_rank
    sides = _sides(function, source, bounds)
    pads = _pads(function, source, pad)
    default = source.vars if isinstance(source, Func) else tuple(f"d{d}" for d in range(rank))
    names = default if vars is None else split_names("Var", vars)
    if len(names) != rank:
        raise _mismatch(function, source, f"vars={vars!r}", "a name for each dimension")
    places = tuple(Var(name) for name in names)
    dims: list[tuple[Expr, _Side | None]] = [
        (place - shift if shift else place, None if shift == 0 else side)
        for place, shift, side in zip(places, pads, sides, strict=True)
    ]
    types = source.types if isinstance(source, Func) else (source.type,)
    return Func(f"{source.name}_padded" if name is None else name, types), places, dims


def _sides(function: str, source: Input | Func, bounds: Bounds) -> list[_Side]:
    if bounds is None:
        if isinstance(source, Func):
            raise _mismatch(function, source, "no bounds", "bounds=, a pair (min, extent) for each dimension of a Func")
        return [(0, extent) for extent in source.shape]
    try:
        sides = [(index(low), index(extent)) for low, extent in bounds]
    except (TypeError, ValueError):
        sides = []
    if len(sides) != source.shape_rank or any(extent < 1 for _, extent in sides):
        raise _mismatch(function, source, f"bounds={bounds!r}", "a pair (min, extent >= 1) for each dimension")
    return sides


def _pads(function: str, source: Input | Func, pad: Pad) -> list[int | None]:
    if pad is None or isinstance(pad, int):
        return [pad] * source.shape_rank
    try:
        pads = [None if shift is None else index(shift) for shift in pad]
    except TypeError:
        pads = []
    if len(pads) != source.shape_rank:
        raise _mismatch(function, source, f"pad={pad!r}", "an int or None for each dimension")
    return pads


def _mismatch(function: str, source: Input | Func, got: str, wanted: str) -> LanguageError:
    return LanguageError(
        f"{function} of {source.name}, which has {source.shape_rank} dimensions, got {got}.",
        asked=f"tl.{function}({source.name}, ...)",
        where=caller_location(),
        rule=f"it takes {wanted}",
    )
