"""Where a Func may be computed: at a loop that encloses every use, and is neither vectorized nor inside such a loop."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.errors import ScheduleError
from tensorlang.ir.expr import Call
from tensorlang.ir.stmt import For, LoopKind, Stmt
from tensorlang.ir.visitor import stmt_exprs, substatements, walk
from tensorlang.schedule.resolved import LoopLevel, ResolvedSchedule

Path = tuple[For, ...]


def find_uses(stmt: Stmt, name: str, path: Path = ()) -> Iterator[Path]:
    """The loops around each statement that reads `name`, outermost first."""
    if any(isinstance(node, Call) and node.name == name for e in stmt_exprs(stmt) for node in walk(e)):
        yield path
    below = (*path, stmt) if isinstance(stmt, For) else path
    for child in substatements(stmt):
        yield from find_uses(child, name, below)


def legal_sites(stmt: Stmt, name: str) -> Path:
    """The loops of `stmt` at which `name` may be computed, outermost first."""
    uses = list(find_uses(stmt, name))
    if not uses:
        return ()
    common: list[For] = []
    for loops in zip(*uses, strict=False):
        if any(loop is not loops[0] for loop in loops) or loops[0].kind is LoopKind.VECTORIZED:
            break
        common.append(loops[0])
    return tuple(common)


def check_site(
    resolved: ResolvedSchedule, name: str, site: str, main: Stmt, *, outermost: str = "compute_root()"
) -> ScheduleError | None:
    """The error of computing `name` in the body of the loop variable `site` of `main`, or None if that is legal.

    `outermost` is the placement outside all loops that would be legal.
    """
    sites = legal_sites(main, name)
    if any(loop.var == site for loop in sites):
        return None
    uses = list(find_uses(main, name))
    level = resolved.funcs[name].level
    assert level is not None, "only compute_at names a site"
    outside = [path for path in uses if all(loop.var != site for loop in path)]
    call = f's[{name}].compute_at({_call_name(level.func, level.index)}, "{level.loop}")'
    if not uses:
        rule, problem = "a producer is computed at a loop of a Func that reads it", "nothing reads it there"
    elif outside:
        rule = "a producer is computed at a loop that encloses every use of it"
        problem = f"a use of {name} lies outside loop {level.loop} of {level.func}"
    else:
        rule = "a producer is not computed inside a vectorized loop of its consumer"
        problem = f"{level.loop} is a vectorized loop of {level.func}, or inside one"
    calls = [call_at("compute_at", loop.var) for loop in sites]
    origin = resolved.origin(name)
    return ScheduleError(
        f"{call}: {problem}.",
        asked=origin.asked or call,
        where=origin.where,
        rule=rule,
        legal=" | ".join([outermost, *calls]),
        hint=f"use {[outermost, *calls][-1]}",
        details="\n".join(" > ".join(loop.var for loop in path) for path in uses),
    )


def _call_name(func: str, index: int) -> str:
    return func if index == 0 else f"{func}.update({index - 1})" if index > 1 else f"{func}.update()"


def level_of(variable: str) -> LoopLevel:
    """The level of a loop variable ``func.stage.loop``."""
    func, stage, loop = variable.split(".", 2)
    return LoopLevel(func, int(stage), loop)


def call_at(directive: str, variable: str) -> str:
    """The call of a directive that names the level of a loop variable: ``compute_at(f.update(), "k")``."""
    level = level_of(variable)
    return f'{directive}({_call_name(level.func, level.index)}, "{level.loop}")'
