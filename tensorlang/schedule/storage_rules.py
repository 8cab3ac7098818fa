"""How Funcs may be stored, as far as the names of their storage dimensions tell."""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.schedule.call import Call
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.resolved import StorageDim
from tensorlang.schedule.rules import Family, rule


@rule(Family.STORAGE)
def check_output_is_stored_by_the_caller(call: Call, plan: Plan) -> ScheduleError | None:
    """The storage of an output is the caller's array, C-contiguous."""
    if call.stage.func not in plan.algorithm.outputs:
        return None
    return call.error(f"{call.stage.func} is an output.")


@rule(Family.STORAGE)
def check_memory_chosen_once(call: Call, func: FuncPlan) -> ScheduleError | None:
    """The memory of a Func is chosen once."""
    if func.stored_by is None:
        return None
    return call.error(
        f"the memory of {func.name} is already chosen, by {func.stored_by.asked}.", hint="keep one of the two"
    )


@rule(Family.NAMES)
def check_storage_dimension_exists(call: Call, func: FuncPlan, dim: str) -> ScheduleError | None:
    """A directive names storage dimensions that exist when it is given."""
    names = [item.name for item in func.storage]
    if dim in names:
        return None
    known = ", ".join(names) or "none: it is a single value"
    return call.error(
        f"{func.name} has no storage dimension {dim}.",
        legal=f"storage dimensions of {func.name}, outermost first: {known}",
    )


@rule(Family.NAMES)
def check_storage_names_are_new(
    call: Call, func: FuncPlan, names: tuple[str, ...], reusable: str
) -> ScheduleError | None:
    """Names are unique among the storage dimensions of a Func."""
    taken = {dim.name for dim in func.storage} - {reusable}
    for name in names:
        if name in taken:
            return call.error(
                f"the name {name} is already used in the storage of {func.name}.",
                legal=f"names other than {', '.join(sorted(taken))}",
            )
        taken.add(name)
    return None


@rule(Family.STORAGE)
def check_aligned_dimension_is_not_split(call: Call, dim: StorageDim) -> ScheduleError | None:
    """A storage dimension is split first, then aligned."""
    if dim.align == 1:
        return None
    return call.error(f"{dim.name} is aligned to {dim.align}.", hint="align one of the halves after the split")


@rule(Family.STORAGE)
def check_storage_factor_divides(call: Call, dim: StorageDim, factor: int) -> ScheduleError | None:
    """The factor divides the extent of a storage dimension that a split made."""
    if dim.modulus is None or dim.modulus % factor == 0:
        return None
    divisors = ", ".join(str(n) for n in range(1, dim.modulus + 1) if dim.modulus % n == 0)
    return call.error(
        f"{dim.name} has extent {dim.modulus}, which {factor} does not divide.", legal=f"factors {divisors}"
    )


@rule(Family.STORAGE)
def check_aligned_once(call: Call, dim: StorageDim) -> ScheduleError | None:
    """A storage dimension is aligned once."""
    if dim.align == 1:
        return None
    return call.error(f"{dim.name} is already aligned to {dim.align}.", hint="keep one of the two")
