"""Which tail strategies keep the meaning of a definition, as far as its loops alone decide it."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.call import Call
from tensorlang.schedule.nest import Blend, LoopPlan, StagePlan
from tensorlang.schedule.resolved import Fuse, Rename, Split
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.tails import TailStrategy

GUARDS = 'tail="guard_with_if" | tail="predicate" | tail="auto"'
"""The tails that are always legal, as error texts list them."""


@rule(Family.TAILS)
def check_reduction_tail(call: Call, loop: LoopPlan, tail: TailStrategy) -> ScheduleError | None:
    """Reduction loops accept only the tails guard_with_if, predicate and auto."""
    if not loop.is_reduction or tail.guards or tail is TailStrategy.AUTO:
        return None
    return call.error(
        f"{loop.name} is a reduction loop, and {tail} would run iterations that the RDom does not have.",
        legal=GUARDS,
    )


@rule(Family.TAILS)
def check_shift_in_update(stage: StagePlan, call: Call, tail: TailStrategy) -> ScheduleError | None:
    """shift_inwards is legal for pure definitions."""
    if stage.name.update == 0 or tail is not TailStrategy.SHIFT_INWARDS:
        return None
    return call.error(
        f"{stage.name.as_written} is an update, and shift_inwards would update some points twice.",
        legal=GUARDS,
        hint='tail="shift_inwards_and_blend" keeps full tiles, where there is a whole one',
    )


@rule(Family.TAILS)
def check_repeated_updates(
    stage: StagePlan, call: Call, loop: LoopPlan, factor: int, tail: TailStrategy
) -> ScheduleError | None:
    """In an update, round_up is legal for loops that do not descend from the inner loop of a split,
    or that the factor divides.
    """
    if stage.name.update == 0 or tail is not TailStrategy.ROUND_UP or not _leaves_a_tile(loop, factor):
        return None
    return call.error(
        f"{loop.name} descends from the inner loop of a split, and round_up would update some points twice.",
        legal=GUARDS,
        hint='tail="shift_inwards_and_blend" keeps full tiles, where there is a whole one',
    )


@rule(Family.TAILS)
def check_repeated_zeros(call: Call, loop: LoopPlan, factor: int, tail: TailStrategy) -> ScheduleError | None:
    """predicate_loads is legal for loops that do not descend from the inner loop of a split,
    nor from the outer loop of one that shifts inwards, or that the factor divides.
    """
    if tail is not TailStrategy.PREDICATE_LOADS:
        return None
    if loop.is_from_shifted and (loop.extent is None or loop.extent % factor != 0):
        return call.error(
            f"{loop.name} descends from the outer loop of a split that shifts inwards, and predicate_loads would "
            "overwrite its last tile with values made of zeros.",
            legal=GUARDS,
        )
    if not _leaves_a_tile(loop, factor):
        return None
    return call.error(
        f"{loop.name} descends from the inner loop of a split, and predicate_loads would overwrite points of the next "
        "tile with values made of zeros.",
        legal=GUARDS,
    )


@rule(Family.TAILS)
def check_repeated_blends(call: Call, loop: LoopPlan, factor: int, tail: TailStrategy) -> ScheduleError | None:
    """round_up_and_blend is legal for loops that do not descend from the outer loop of a split that shifts inwards,
    or that the factor divides.
    """
    divides = loop.extent is not None and loop.extent % factor == 0
    if tail is not TailStrategy.ROUND_UP_AND_BLEND or not loop.is_from_shifted or divides:
        return None
    return call.error(
        f"{loop.name} descends from the outer loop of a split that shifts inwards, and round_up_and_blend would store "
        "old values over its last tile.",
        legal=GUARDS,
    )


@rule(Family.TAILS)
def check_blend_races(stage: StagePlan, blend: Blend) -> ScheduleError | None:
    """Neither the dimension of a tail that blends nor a reduction runs in parallel."""
    parallel = [
        loop.name
        for loop in stage.loops
        if loop.kind is LoopKind.PARALLEL and (loop.is_reduction or loop.roots & blend.roots)
    ]
    if not parallel:
        return None
    return blend.call.error(
        f"{parallel[0]} is parallel, and a tile that blends would store old values over what another thread stored.",
        legal=GUARDS,
        hint="or " + " and ".join(f'serial("{name}")' for name in parallel),
    )


@rule(Family.TAILS)
def check_blend_lanes(stage: StagePlan, blend: Blend) -> ScheduleError | None:
    """Lanes lie inside one tile of a tail that blends, as two tiles may have points in common."""
    across = _loops_across_tiles(stage, blend)
    lanes = [loop.name for loop in stage.loops if loop.kind is LoopKind.VECTORIZED and loop.name in across]
    if not lanes:
        return None
    return blend.call.error(
        f"{lanes[0]} is vectorized and goes over several tiles, and one would store old values over what another "
        "stored.",
        legal=GUARDS,
        hint=f"or vectorize a loop that descends from {blend.split.inner} alone",
    )


def _loops_across_tiles(stage: StagePlan, blend: Blend) -> set[str]:
    """The loops from one iteration to another of which a blend comes back to the points of a tile.

    These are the outer loop of its split; and, as tiles that are rounded up reach into the next one, the outer loops of
    the splits whose inner loop was taken apart.
    """
    # The outer loops of the splits from whose inner loops each loop descends.
    around: dict[str, set[str]] = {}
    across: set[str] = set()
    for step in stage.transforms:
        match step:
            case Split(old, outer, inner):
                outside = around.pop(old, set())
                gone, made = {old}, {outer: outside, inner: outside | {outer}}
            case Fuse(first, second, fused):
                both = around.pop(first, set()) | around.pop(second, set())
                gone, made = {first, second}, {fused: both - {first, second}}
            case Rename(old, new):
                gone, made = {old}, {new: around.pop(old, set())}
        around = {name: _moved(loops, gone, set(made)) for name, loops in around.items()} | made
        across = _moved(across, gone, set(made))
        if step == blend.split:
            outside = set() if blend.split.tail.shifts else around[blend.split.outer]
            across = {blend.split.outer} | outside
    return across


def _moved(names: set[str], old: set[str], new: set[str]) -> set[str]:
    """`names` once the loops `old` became the loops `new`."""
    return names - old | new if names & old else names


def blend_problems(stage: StagePlan) -> Iterator[ScheduleError]:
    """The errors of the tails of a finished nest that blend."""
    for blend in stage.blends:
        for problem in (check_blend_races(stage, blend), check_blend_lanes(stage, blend)):
            if problem is not None:
                yield problem


def _leaves_a_tile(loop: LoopPlan, factor: int) -> bool:
    """Whether rounding the extent of `loop` up to `factor` reaches into the next tile of an outer split."""
    return loop.is_from_inner and (loop.extent is None or loop.extent % factor != 0)
