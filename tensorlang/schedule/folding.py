"""The directive that lets storage be used again while a Func slides: fold_storage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import TensorlangError
from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Count, Flag, LoopName
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.resolved import Fold
from tensorlang.schedule.rules import Family, refuse, rule
from tensorlang.schedule.storage_rules import check_output_is_stored_by_the_caller


@dataclass(frozen=True, slots=True)
class FoldStorage(Directive):
    """Store coordinate ``v % factor`` in place of `v`: a circular buffer, of which each iteration uses a part.

    Parameters
    ----------
    var : str or Var
        A pure Var of the Func.
    factor : int, >= 1
        Number of coordinates that are held at a time [elements].
    fold_forward : bool
        Whether the coordinates in use grow from iteration to iteration, or shrink.

    Raises
    ------
    ScheduleError
        If the Func is an output, has no such Var, or it is folded already; once all directives are known, if the Func
        is stored where it is computed; when the loop nest is built, if an iteration uses more than `factor`
        coordinates, they do not move the way `fold_forward` says, or lanes of a vector lie along `var`.

    Notes
    -----
    Storage that is kept by `store_at` or `store_root` is folded without being asked to, to as few coordinates as are in
    use at a time, where that is known; of several dimensions that move, the outermost. A power of two as `factor` makes
    the remainder cheaper, at the price of more memory.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + g[i + 1, j] + g[i + 2, j]
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_at(f, "i").store_root()
    >>> print(tl.loop_nest(f, s, shape=(16, 64)).splitlines()[0])
    store g[3, 64] in heap (slides over i; i is folded to 3):
    >>> _ = s[g].fold_storage("i", 4)
    >>> print(tl.loop_nest(f, s, shape=(16, 64)).splitlines()[0])
    store g[4, 64] in heap (slides over i; i is folded to 4):
    """

    call: ClassVar[str] = "fold_storage"
    var: LoopName
    factor: Count
    fold_forward: Flag = True

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(check_output_is_stored_by_the_caller(self, plan))
        refuse(check_fold_names_a_var(plan, self, self.var), check_folded_once(func, self, self.var))
        fold = Fold(self.var, self.factor, self.fold_forward)
        return plan.with_func(replace(func, folds=(*func.folds, fold), folded_by=(*func.folded_by, self)))


@rule(Family.STORAGE)
def check_fold_names_a_var(plan: Plan, call: Call, var: str) -> TensorlangError | None:
    """fold_storage names a Var of the pure definition."""
    func = plan.algorithm.func(call.stage.func)
    if var in func.vars:
        return None
    return call.error(
        f"{func.name} has no Var {var}.",
        legal=f"Vars of {func.name}: {', '.join(func.vars) or 'none'}",
    )


@rule(Family.STORAGE)
def check_folded_once(func: FuncPlan, call: Call, var: str) -> TensorlangError | None:
    """A dimension is folded once."""
    earlier = next((by for fold, by in zip(func.folds, func.folded_by, strict=True) if fold.var == var), None)
    if earlier is None:
        return None
    return call.error(f"{var} is already folded, by {earlier.asked}.", hint="keep one of the two")
