"""Where a Func may be computed: at a loop that encloses every use, and is neither vectorized nor inside such a loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tensorlang.errors import ScheduleError
from tensorlang.ir.expr import Call
from tensorlang.ir.stmt import For, LoopKind, Stmt
from tensorlang.ir.visitor import stmt_exprs, substatements, walk
from tensorlang.schedule.resolved import LoopLevel, ResolvedSchedule
from tensorlang.schedule.rules import Family, rule

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
        # Loops of one name are one loop, which the cases of a stage run each in its own way.
        if any(loop.var != loops[0].var or loop.kind is LoopKind.VECTORIZED for loop in loops):
            break
        common.append(loops[0])
    return tuple(common)


def site_problem(
    resolved: ResolvedSchedule, name: str, site: str, main: Stmt, *, outermost: str = "compute_root()"
) -> ScheduleError | None:
    """The error of computing `name` in the body of the loop variable `site` of `main`, or None if that is legal.

    `outermost` is the placement outside all loops that would be legal.
    """
    sites = legal_sites(main, name)
    if any(loop.var == site for loop in sites):
        return None
    uses = list(find_uses(main, name))
    legal = [outermost, *(call_at("compute_at", loop.var) for loop in sites)]
    return check_site_encloses_uses(resolved, name, site, uses, legal) or check_site_is_outside_lanes(
        resolved, name, site, uses, legal
    )


@rule(Family.PLACEMENT)
def check_site_encloses_uses(
    resolved: ResolvedSchedule, name: str, site: str, uses: list[Path], legal: list[str]
) -> ScheduleError | None:
    """A producer is computed at a loop that encloses every use of it."""
    outside = next((path for path in uses if all(loop.var != site for loop in path)), None)
    if outside is None:
        return None
    there = f"in {_loop(outside[-1].var)}" if outside else "outside all loops"
    return _error(resolved, name, f"{name} is used {there} too, which is not inside {_loop(site)}.", uses, legal)


@rule(Family.PLACEMENT)
def check_site_is_outside_lanes(
    resolved: ResolvedSchedule, name: str, site: str, uses: list[Path], legal: list[str]
) -> ScheduleError | None:
    """A producer is not computed inside a vectorized loop of its consumer."""
    # Cases of a stage run a loop each in its own way.
    around = [path[: [loop.var for loop in path].index(site) + 1] for path in uses]
    lanes = next((loop.var for path in around for loop in path if loop.kind is LoopKind.VECTORIZED), None)
    if lanes is None:
        return None
    is_at = lanes == site
    sentence = (
        f"{_loop(site)} is vectorized." if is_at else f"{_loop(site)} is inside {_loop(lanes)}, which is vectorized."
    )
    return _error(resolved, name, sentence, uses, legal)


@rule(Family.PLACEMENT)
def check_initialisation_is_complete(name: str, prepare: Stmt, state: Sequence[str]) -> ScheduleError | None:
    """What compute_at_init computes depends on constant Inputs and other initialised Funcs only."""
    if next(find_uses(prepare, name), None) is None:
        return None
    return ScheduleError(
        f"{name} is read by a stage that is computed at initialisation, but is not itself.",
        hint=f"place {name} by compute_at_init() or compute_inline()",
        details=", ".join(state),
    )


def _error(resolved: ResolvedSchedule, name: str, sentence: str, uses: list[Path], legal: list[str]) -> ScheduleError:
    origin = resolved.origin(name)
    return ScheduleError(
        f"{origin.asked}: {sentence}",
        asked=origin.asked,
        where=origin.where,
        legal=" | ".join(legal),
        hint=f"use {legal[-1]}",
        details="\n".join(" > ".join(loop.var for loop in path) for path in uses),
    )


def _loop(variable: str) -> str:
    """A loop variable ``func.stage.loop`` in words."""
    level = level_of(variable)
    return f"loop {level.loop} of {_call_name(level.func, level.index)}"


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
