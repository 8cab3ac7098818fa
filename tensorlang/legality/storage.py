"""Where the storage of a Func may be placed around its computation, and which dimensions of it may be folded."""

from __future__ import annotations

from dataclasses import dataclass

from tensorlang.bounds.nest import loop_variable
from tensorlang.errors import ScheduleError, TensorlangError
from tensorlang.ir.stmt import For, LoopKind, Stmt
from tensorlang.ir.visitor import substatements, walk_stmts
from tensorlang.legality.placement import Path, call_at, level_of
from tensorlang.schedule.resolved import FOLD, HOIST, ROOT_LEVEL, STORE, Fold, LoopLevel, Origin, ResolvedSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName


def loops_to(stmt: Stmt, site: str, path: Path = ()) -> Path:
    """The loops from `stmt` down to the one with variable `site`, which is the last; none if it is not there."""
    if isinstance(stmt, For):
        path = (*path, stmt)
        if stmt.var == site:
            return path
    for below in substatements(stmt):
        found = loops_to(below, site, path)
        if found:
            return found
    return ()


@dataclass(frozen=True, slots=True)
class Levels:
    """Where storage and allocation of a Func are: loop variables; None is outside all loops.

    `hoist` is None where nothing was asked for, "" outside all loops. `problems` leave what they are about where the
    computation is.
    """

    store: str | None
    hoist: str | None
    problems: tuple[TensorlangError, ...]


def infer_levels(resolved: ResolvedSchedule, name: str, stmt: Stmt, site: str) -> Levels:
    """The storage level of a Func that is computed at the loop `site` of `stmt`, and the level of its allocation."""
    loops = loops_to(stmt, site)
    schedule = resolved.funcs[name]
    problems: list[TensorlangError] = []
    store: str | None = site
    if schedule.store is not None or schedule.hoist is not None:
        error = check_kept_over_one_nest(resolved, name, stmt, loops)
        if error is not None:
            return Levels(site, None, (error,))
    if schedule.store is not None:
        asked = _variable(schedule.store)
        error = check_storage_encloses(resolved, name, loops, asked) if asked else None
        error = error or check_between_is_serial(resolved, name, loops, asked)
        if error is None:
            store = asked or None
        else:
            problems.append(error)
    hoist = None if schedule.hoist is None else _variable(schedule.hoist)
    if hoist:
        error = check_allocation_encloses(resolved, name, loops, store or "", hoist)
        if error is not None:
            problems.append(error)
            hoist = None
    return Levels(store, hoist, tuple(problems))


def _variable(level: LoopLevel) -> str:
    """The variable of a loop, "" outside all loops."""
    return "" if level == ROOT_LEVEL else loop_variable(level.func, level.index, level.loop)


@rule(Family.STORAGE)
def check_kept_over_one_nest(resolved: ResolvedSchedule, name: str, stmt: Stmt, loops: Path) -> TensorlangError | None:
    """Storage that outlives the loop of its computation is for one such loop, not one in each case of a stage."""
    site = loops[-1].var
    if sum(isinstance(inner, For) and inner.var == site for inner in walk_stmts(stmt)) == 1:
        return None
    levels = [level_of(loop.var) for loop in loops]
    split = next(level for level in levels if resolved.funcs[level.func].stages[level.index].cases)
    origin = resolved.origin(name, 0, HOIST if resolved.funcs[name].store is None else STORE)
    return _error(
        origin,
        f"{StageName(split.func, split.index).as_written} has cases, and {name} is computed in the loops of each.",
        hint=f"leave out {origin.asked}",
    )


@rule(Family.STORAGE)
def check_storage_encloses(resolved: ResolvedSchedule, name: str, loops: Path, store: str) -> TensorlangError | None:
    """The storage of a Func is placed at a loop around its computation, or at that of its computation."""
    if any(loop.var == store for loop in loops):
        return None
    level, origin = resolved.funcs[name].store, resolved.origin(name, 0, STORE)
    assert level is not None, "storage at a loop has a level"
    return _error(
        origin,
        f"loop {level.loop} of {level.func} is not around the computation of {name}.",
        legal=" | ".join(_legal_levels(loops)),
        details=" > ".join(loop.var for loop in loops),
    )


@rule(Family.STORAGE)
def check_between_is_serial(resolved: ResolvedSchedule, name: str, loops: Path, store: str) -> TensorlangError | None:
    """No parallel loop lies between the storage of a Func and its computation."""
    outside = next((place for place, loop in enumerate(loops) if loop.var == store), -1)
    between = [loop for loop in loops[outside + 1 :] if not _is_serial(loop)]
    if not between:
        return None
    level = level_of(between[-1].var)
    legal = _legal_levels(loops)
    return _error(
        resolved.origin(name, 0, STORE),
        f"loop {level.loop} of {level.func}, between the storage of {name} and its computation, is parallel.",
        legal=" | ".join(legal),
        hint=f"use {legal[0]}: each iteration of {level.loop} then has storage of its own",
    )


@rule(Family.STORAGE)
def check_allocation_encloses(
    resolved: ResolvedSchedule, name: str, loops: Path, store: str, hoist: str
) -> TensorlangError | None:
    """The allocation of a Func is placed at a loop around its storage, or at that of its storage."""
    outside = [] if not store else loops[: 1 + next(place for place, loop in enumerate(loops) if loop.var == store)]
    if any(loop.var == hoist for loop in outside):
        return None
    level, origin = resolved.funcs[name].hoist, resolved.origin(name, 0, HOIST)
    assert level is not None, "an allocation at a loop has a level"
    return _error(
        origin,
        f"loop {level.loop} of {level.func} is not around the storage of {name}.",
        legal=" | ".join(["hoist_storage_root()", *(call_at("hoist_storage", loop.var) for loop in outside)]),
    )


@rule(Family.STORAGE)
def check_fold_moves(
    resolved: ResolvedSchedule, name: str, fold: Fold, loop: str, ways: tuple[bool, bool]
) -> TensorlangError | None:
    """Storage is folded along a dimension whose coordinates in use move the way that fold_forward says.

    `ways` says whether over `loop` they never move down, and never up.
    """
    forward, backward = ways
    if forward if fold.is_forward else backward:
        return None
    turned = not fold.is_forward
    hint = f"fold_storage({_quoted(fold.var)}, {fold.factor}{'' if turned else ', fold_forward=False'})"
    moves = "moves down" if backward else "moves up" if forward else "does not move one way"
    return _error(
        resolved.origin(name, 0, FOLD + fold.var),
        f"over loop {level_of(loop).loop} of {level_of(loop).func}, what is in use of {name} {moves} in {fold.var}.",
        hint=hint if forward or backward else f"leave {fold.var} unfolded",
    )


@rule(Family.STORAGE)
def check_fold_fits(resolved: ResolvedSchedule, name: str, fold: Fold, used: int | None) -> TensorlangError | None:
    """Storage is folded to at least as many coordinates as are in use at a time.

    `used` is that number, None if it is not known.
    """
    if used is not None and used <= fold.factor:
        return None
    number = "an unknown number of" if used is None else f"{used}"
    return _error(
        resolved.origin(name, 0, FOLD + fold.var),
        f"{number} coordinates of {name} in {fold.var} are in use at a time.",
        legal="" if used is None else f"fold_storage({_quoted(fold.var)}, factor) with a factor of at least {used}",
        hint=f"leave {fold.var} unfolded" if used is None else "",
    )


@rule(Family.STORAGE)
def check_fold_has_no_lanes(
    resolved: ResolvedSchedule, name: str, fold: Fold, has_lanes: bool
) -> TensorlangError | None:
    """The lanes of a vector do not lie along a folded dimension, so that they stay next to each other in memory."""
    if not has_lanes:
        return None
    return _error(
        resolved.origin(name, 0, FOLD + fold.var),
        f"a vectorized loop runs along {fold.var} of {name}.",
        hint=f"leave {fold.var} unfolded, or vectorize another dimension",
    )


def _error(origin: Origin, sentence: str, *, legal: str = "", hint: str = "", details: str = "") -> ScheduleError:
    return ScheduleError(
        f"{origin.asked}: {sentence}",
        asked=origin.asked,
        where=origin.where,
        legal=legal,
        hint=hint,
        details=details,
    )


def _is_serial(loop: For) -> bool:
    return loop.kind is not LoopKind.PARALLEL


def _legal_levels(loops: Path) -> list[str]:
    """The calls that place storage for what is computed in the last of `loops` where only serial ones lie between."""
    parallel = [place for place, loop in enumerate(loops) if not _is_serial(loop)]
    inside = [call_at("store_at", loop.var) for loop in loops[parallel[-1] if parallel else 0 :]]
    return inside if parallel else ["store_root()", *inside]


def _quoted(name: str) -> str:
    return f'"{name}"'
