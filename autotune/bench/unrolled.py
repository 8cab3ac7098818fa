"""Programs whose code grows with how far a loop is unrolled: what the time to compile is measured on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import tensorlang as tl

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """An algorithm under a schedule, at one shape."""

    output: tl.Func
    schedule: tl.Schedule
    shape: Shape


def elementwise(unroll: int) -> Program:
    """Scalars, one after the other."""
    x = tl.Input("x", (1 << 14,), tl.float32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[i] * 2 + 1
    schedule = tl.Schedule(f)
    schedule[f].unroll("i", unroll)
    return Program(f, schedule, x.shape)


def tail(unroll: int) -> Program:
    """The same where the factor does not divide: a steady state, and guarded copies after it."""
    x = tl.Input("x", ((1 << 14) - 3,), tl.float32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[i] * 2 + 1
    schedule = tl.Schedule(f)
    schedule[f].unroll("i", unroll, "guard_with_if")
    return Program(f, schedule, x.shape)


def stencil(unroll: int) -> Program:
    """Vectors of a blur in both directions, the first of which is inlined."""
    x = tl.Input("x", (66, (1 << 14) + 2), tl.uint16)
    i, j = tl.vars("i j")
    across, blur = tl.Func("across"), tl.Func("blur")
    across[i, j] = (x[i, j] + x[i, j + 1] + x[i, j + 2]) // 3
    blur[i, j] = (across[i, j] + across[i + 1, j] + across[i + 2, j]) // 3
    schedule = tl.Schedule(blur)
    schedule[blur].vectorize("j", 32).unroll("j", unroll)
    return Program(blur, schedule, (64, 1 << 14))


def tile(unroll: int) -> Program:
    """A tile of a matrix product, which is in registers as long as it is small."""
    a, b = tl.Input("a", (1024, 64), tl.float32), tl.Input("b", (64, 1024), tl.float32)
    i, j = tl.vars("i j")
    k, c = tl.RDom("k", 64), tl.Func("c")
    c[i, j] += a[i, k] * b[k, j]
    schedule = tl.Schedule(c)
    update = schedule[c.update()].tile("i", "j", "io", "jo", "ii", "ji", unroll // 2, 32)
    update.reorder("io", "jo", k, "ii", "ji").vectorize("ji", 16).unroll("ji").unroll("ii")
    return Program(c, schedule, (1024, 1024))


def reduction(unroll: int) -> Program:
    """A loop over terms: a chain of additions to one register."""
    a, b = tl.Input("a", (64, 1024), tl.float32), tl.Input("b", (1024, 64), tl.float32)
    i, j = tl.vars("i j")
    k, c = tl.RDom("k", 1024), tl.Func("c")
    c[i, j] += a[i, k] * b[k, j]
    schedule = tl.Schedule(c)
    schedule[c.update()].reorder("i", "j", k).vectorize("j", 16).unroll("k", unroll)
    return Program(c, schedule, (64, 64))


def fused(unroll: int) -> Program:
    """A producer computed in an unrolled loop: storage, and small loops, in every copy."""
    x = tl.Input("x", (66, (1 << 13) + 2), tl.float32)
    i, j = tl.vars("i j")
    across, blur = tl.Func("across"), tl.Func("blur")
    across[i, j] = x[i, j] + x[i, j + 1] + x[i, j + 2]
    blur[i, j] = across[i, j] + across[i + 1, j] + across[i + 2, j]
    schedule = tl.Schedule(blur)
    schedule[blur].split("j", "jo", "ji", 4 * unroll).split("ji", "jt", "jv", 4).unroll("jt")
    schedule[across].compute_at(blur, "jt")
    return Program(blur, schedule, (64, 1 << 13))


PROGRAMS: Mapping[str, Callable[[int], Program]] = MappingProxyType(
    {make.__name__: make for make in (elementwise, tail, stencil, tile, reduction, fused)}
)
"""By name: a function of how far to unroll, a power of two from 2 to 512."""
