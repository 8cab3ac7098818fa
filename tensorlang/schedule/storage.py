"""Directives about the memory of a Func: store_in, split_storage, reorder_storage and align_storage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Count, LoopName, MemoryName, Names, NewName
from tensorlang.schedule.placement import check_not_output
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.resolved import StorageDim

_CALLERS_ARRAY = "the storage of an output is the caller's array, C-contiguous"


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
        check_not_output(plan, self, _CALLERS_ARRAY)
        if func.stored_by is not None:
            raise self.error(
                f"the memory of {func.name} is already chosen, by {func.stored_by.asked}.",
                rule="the memory of a Func is chosen once",
                hint="keep one of the two",
            )
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
        check_not_output(plan, self, _CALLERS_ARRAY)
        position = storage_position(func, self, self.dim)
        dim = func.storage[position]
        self._check_names(func)
        if dim.align != 1:
            raise self.error(f"{self.dim} is aligned to {dim.align}.", rule="split storage first, then align it")
        if dim.modulus is not None and dim.modulus % self.factor:
            raise self.error(
                f"{self.dim} has extent {dim.modulus}, which {self.factor} does not divide.",
                rule="the factor divides the extent of a dimension that a split made",
            )
        rest = None if dim.modulus is None else dim.modulus // self.factor
        halves = (
            replace(dim, name=self.outer, divisor=dim.divisor * self.factor, modulus=rest),
            replace(dim, name=self.inner, modulus=self.factor),
        )
        return plan.with_func(arranged(func, self, func.storage[:position] + halves + func.storage[position + 1 :]))

    def _check_names(self, func: FuncPlan) -> None:
        taken = {dim.name for dim in func.storage} - {self.dim}
        for name in (self.outer, self.inner):
            if name in taken:
                raise self.error(
                    f"the name {name} is already used in the storage of {func.name}.",
                    rule="names are unique among the storage dimensions of a Func",
                    legal=f"names other than {', '.join(sorted(taken))}",
                )
            taken.add(name)


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
        check_not_output(plan, self, _CALLERS_ARRAY)
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
        check_not_output(plan, self, _CALLERS_ARRAY)
        position = storage_position(func, self, self.dim)
        dim = func.storage[position]
        if dim.align != 1:
            raise self.error(f"{self.dim} is already aligned to {dim.align}.", rule="a dimension is aligned once")
        storage = (*func.storage[:position], replace(dim, align=self.n), *func.storage[position + 1 :])
        return plan.with_func(arranged(func, self, storage))


def arranged(func: FuncPlan, call: Call, storage: tuple[StorageDim, ...]) -> FuncPlan:
    """Return `func` with other storage dimensions."""
    return replace(func, storage=storage, arranged_by=call)


def storage_position(func: FuncPlan, call: Call, dim: str) -> int:
    """Index of a storage dimension; ScheduleError, listing them, if there is none of that name."""
    for position, item in enumerate(func.storage):
        if item.name == dim:
            return position
    names = ", ".join(item.name for item in func.storage) or "none: it is a single value"
    raise call.error(
        f"{func.name} has no storage dimension {dim}.",
        rule="a directive names storage dimensions that exist when it is given",
        legal=f"storage dimensions of {func.name}, outermost first: {names}",
    )
