"""Directives about the memory of a Func: store_in, split_storage, reorder_storage and align_storage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Count, LoopName, MemoryName, Names, NewName
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.resolved import StorageDim
from tensorlang.schedule.rules import refuse
from tensorlang.schedule.storage_rules import (
    check_aligned_dimension_is_not_split,
    check_aligned_once,
    check_memory_chosen_once,
    check_output_is_stored_by_the_caller,
    check_storage_dimension_exists,
    check_storage_factor_divides,
    check_storage_names_are_new,
)


@dataclass(frozen=True, slots=True)
class StoreIn(Directive):
    """Choose the memory of a Func.

    Parameters
    ----------
    memory : {"heap", "stack", "register"}
        The kernel's workspace; the stack frame (at most 64 KiB in all); vector registers, which needs every index to
        be a constant once loops are unrolled and vectorized.

    Raises
    ------
    ScheduleError
        If the Func is an output, or its memory is chosen already; once all directives are known, if it is inlined,
        computed at initialisation, or in registers and computed at root.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, i = tl.Func("f"), tl.Func("g"), tl.Var("i")
    >>> g[i] = i * 2
    >>> f[i] = g[i] + g[i + 1]
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_at(f, "i")
    >>> print(tl.loop_nest(f, s, shape=(16,)))
    for i in 0..16:
      store g[2] in heap:
        for g.i in 0..2:
          g[i + g.i] = ...
        f[i] = ...
    >>> _ = s[g].store_in("register").unroll("i")
    >>> print(tl.loop_nest(f, s, shape=(16,)))
    for i in 0..16:
      store g[2] in register:
        unrolled g.i in 0..2:
          g[i + g.i] = ...
        f[i] = ...
    """

    call: ClassVar[str] = "store_in"
    memory: MemoryName

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(check_output_is_stored_by_the_caller(self, plan))
        refuse(check_memory_chosen_once(self, func))
        return plan.with_func(replace(func, memory=self.memory, stored_by=self))


@dataclass(frozen=True, slots=True)
class SplitStorage(Directive):
    """Split a storage dimension in two: ``coordinate == outer * factor + inner``.

    Parameters
    ----------
    dim : str or Var
        The storage dimension to split.
    outer, inner : str or Var
        The new dimensions, `inner` directly inside `outer`; one of them may take the name of `dim`.
    factor : int, >= 1
        Extent of `inner` [elements].

    Raises
    ------
    ScheduleError
        If the Func is an output, there is no such dimension, a name is taken, `dim` is aligned, or it is the inner
        dimension of another split whose factor `factor` does not divide.

    Notes
    -----
    The extent of `outer` is rounded up, so that the last panel may be padded.

    Examples
    --------
    ``g[i, j]`` in panels of 32 columns: element ``[i, j]`` is at ``[j // 32, i, j % 32]``.

    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + 1
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_root()
    >>> print(tl.loop_nest(f, s, shape=(7, 50)).splitlines()[0])
    store g[7, 50] in heap:
    >>> _ = s[g].split_storage("j", "jo", "ji", 32).reorder_storage("jo", "i", "ji")
    >>> print(tl.loop_nest(f, s, shape=(7, 50)).splitlines()[0])
    store g[2, 7, 32] in heap:
    """

    call: ClassVar[str] = "split_storage"
    dim: LoopName
    outer: NewName
    inner: NewName
    factor: Count

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(check_output_is_stored_by_the_caller(self, plan))
        position = storage_position(func, self, self.dim)
        dim = func.storage[position]
        refuse(
            check_storage_names_are_new(self, func, (self.outer, self.inner), reusable=self.dim),
            check_aligned_dimension_is_not_split(self, dim),
            check_storage_factor_divides(self, dim, self.factor),
        )
        rest = None if dim.modulus is None else dim.modulus // self.factor
        halves = (
            replace(dim, name=self.outer, divisor=dim.divisor * self.factor, modulus=rest),
            replace(dim, name=self.inner, modulus=self.factor),
        )
        return plan.with_func(arranged(func, self, func.storage[:position] + halves + func.storage[position + 1 :]))


@dataclass(frozen=True, slots=True)
class ReorderStorage(Directive):
    """Store dimensions in the order given, outermost first; the last dimension of all is contiguous.

    The dimensions listed take that order in the positions they occupy together; the others stay where they are.

    Parameters
    ----------
    dims : str or Var
        Outermost first.

    Raises
    ------
    ScheduleError
        If the Func is an output, there is no such dimension, or one is listed twice.

    Examples
    --------
    ``g[i, j]`` stored column by column.

    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + 1
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_root()
    >>> print(tl.loop_nest(f, s, shape=(7, 50)).splitlines()[0])
    store g[7, 50] in heap:
    >>> _ = s[g].reorder_storage("j", "i")
    >>> print(tl.loop_nest(f, s, shape=(7, 50)).splitlines()[0])
    store g[50, 7] in heap:
    """

    call: ClassVar[str] = "reorder_storage"
    dims: Names

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(check_output_is_stored_by_the_caller(self, plan))
        positions = [storage_position(func, self, dim) for dim in self.dims]
        storage = list(func.storage)
        for target, source in zip(sorted(positions), positions, strict=True):
            storage[target] = func.storage[source]
        return plan.with_func(arranged(func, self, tuple(storage)))


@dataclass(frozen=True, slots=True)
class AlignStorage(Directive):
    """Pad the extent of a storage dimension to a multiple of `n`.

    Parameters
    ----------
    dim : str or Var
        The storage dimension.
    n : int, >= 1
        Its extent is rounded up to a multiple of this [elements].

    Raises
    ------
    ScheduleError
        If the Func is an output, there is no such dimension, or it is aligned already.

    Examples
    --------
    Rows of ``g[i, j]`` 64 elements apart.

    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + 1
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_root()
    >>> print(tl.loop_nest(f, s, shape=(7, 50)).splitlines()[0])
    store g[7, 50] in heap:
    >>> _ = s[g].align_storage("j", 16)
    >>> print(tl.loop_nest(f, s, shape=(7, 50)).splitlines()[0])
    store g[7, 64] in heap:
    """

    call: ClassVar[str] = "align_storage"
    dim: LoopName
    n: Count

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(check_output_is_stored_by_the_caller(self, plan))
        position = storage_position(func, self, self.dim)
        dim = func.storage[position]
        refuse(check_aligned_once(self, dim))
        storage = (*func.storage[:position], replace(dim, align=self.n), *func.storage[position + 1 :])
        return plan.with_func(arranged(func, self, storage))


def arranged(func: FuncPlan, call: Call, storage: tuple[StorageDim, ...]) -> FuncPlan:
    """Return `func` with other storage dimensions."""
    return replace(func, storage=storage, arranged_by=call)


def storage_position(func: FuncPlan, call: Call, dim: str) -> int:
    """Index of a storage dimension; ScheduleError, listing them, if there is none of that name."""
    refuse(check_storage_dimension_exists(call, func, dim))
    return [item.name for item in func.storage].index(dim)
