"""The generic space: schedules of any Func, derived from its algorithm, all of them legal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schedules.generic.acceptance import is_accepted
from schedules.generic.decisions import (
    INLINE,
    LEVELS,
    ROOT,
    UNSAID,
    Machine,
    has_knobs,
    places_of,
    read_choice,
    stage_knobs,
)
from schedules.generic.extents import Shapes, find_extents
from schedules.generic.facts import FuncFacts, StageFacts, find_facts
from schedules.generic.heuristics import as_point, default_nest, default_place, has_company
from schedules.generic.nests import NestChoice, build_nest
from schedules.generic.places import Loop, Places
from schedules.schedule_space import ScheduleSpace
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.codegen.target import Target, host_target
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.shapes import ShapeLike, given_shapes
from tensorlang.schedule import Schedule, StageName

_EPOCH = 1  # of what points mean
_PLACE = " place"


def generic_space(
    output: Func | Sequence[Func] | Algorithm,
    *,
    shape: ShapeLike | None = None,
    threads: int | None = None,
    target: Target | None = None,
) -> ScheduleSpace:
    """Return the space of schedules of any Funcs, and a point of it that is good without tuning.

    Each Func is computed inline, whole, or at a loop that encloses all its uses; each stage is tiled at two levels, its
    axes ordered, one of them vectorized, others unrolled, and the outermost loops run in parallel. What a point says
    and cannot be, as a level that is not there, is done without, so that every point is a legal schedule.

    Parameters
    ----------
    output : Func, sequence of Func, or Algorithm
    shape : optional
        As for `tensorlang.compile`.
    threads : int, optional
        Threads that kernels run with; by default all cores.
    target : Target, optional
        The host's if not given.

    Returns
    -------
    ScheduleSpace

    Raises
    ------
    LanguageError, BoundsError
        If the algorithm is not well formed, or `shape` is not.

    Examples
    --------
    >>> import tensorlang as tl
    >>> from schedules import generic_space
    >>> x, (i, j) = tl.Input("x", (66, 64), tl.float32), tl.vars("i j")
    >>> rows, out = tl.Func("rows"), tl.Func("out")
    >>> rows[i, j] = tl.sqrt(x[i, j] * x[i, j] + 1)
    >>> out[i, j] = rows[i, j] + rows[i + 1, j] + rows[i + 2, j]
    >>> space = generic_space(out, threads=1)
    >>> schedule = space.make(space.default)
    >>> schedule.check(out)
    ()
    """
    algorithm = output if isinstance(output, Algorithm) else build_algorithm(output)
    shapes = infer_output_shapes(algorithm, given_shapes(algorithm, shape))
    here = target or host_target()
    found = _Generic.of(algorithm, shapes, Machine(here, threads or here.cores))
    return ScheduleSpace(found.space(), found.default(), found.make, f"generic {_EPOCH}")


@dataclass(frozen=True)
class _Generic:
    """A program, what is known of it, and where each Func may be computed."""

    algorithm: Algorithm
    shapes: Shapes
    machine: Machine
    funcs: tuple[FuncFacts, ...]
    places: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, algorithm: Algorithm, shapes: Shapes, machine: Machine) -> _Generic:
        extents = find_extents(algorithm, shapes)
        funcs = find_facts(algorithm, extents)
        inner = [func for func in funcs if not func.is_output]
        places = {func.name: places_of(func, func.name in extents.computable) for func in inner}
        return cls(algorithm, shapes, machine, funcs, places)

    def space(self) -> Space:
        placed = [Knob(name + _PLACE, places) for name, places in self.places.items()]
        return Space((*placed, *(knob for func in self.funcs for knob in self._knobs(func))))

    def _knobs(self, func: FuncFacts) -> list[Knob]:
        return [knob for stage in func.stages if has_knobs(func, stage) for knob in stage_knobs(stage, self.machine)]

    def default(self) -> dict[str, KnobValue]:
        chosen = {f.name: default_place(f, self.funcs, self.places[f.name]) for f in self.funcs if not f.is_output}
        point: dict[str, KnobValue] = {name + _PLACE: place for name, place in chosen.items()}
        for func in self.funcs:
            company = func.is_output and has_company(func, chosen)
            for stage in func.stages:
                if has_knobs(func, stage):
                    choice = default_nest(stage, self.machine, has_company=company)
                    point |= as_point(stage, choice, list(stage_knobs(stage, self.machine)))
        return point

    def make(self, point: Knobs) -> Schedule:
        """The schedule of a point, or of the nearest one that bounds inference accepts.

        What a program reads for a part of a Func is at times known less well than what it reads for all of it, and may
        then seem to leave an Input.
        """
        plain = {name: value for name, value in point.items() if name.endswith(_PLACE)}
        for candidate in (point, _at_root(point), plain, _at_root(plain)):
            schedule = self._build(candidate)
            if is_accepted(schedule, self.shapes):
                return schedule
        return Schedule(self.algorithm)

    def _build(self, point: Knobs) -> Schedule:
        """The schedule of a point: consumers first, as the loops around its uses tell where a Func may be computed."""
        schedule, sizes, places = Schedule(self.algorithm), self._sizes(point), Places()
        for func in reversed(self.funcs):
            if func.name in sizes.inlined:
                places.inline(func)
                schedule[func.name].compute_inline()
                continue
            outside = () if func.is_output else self._place(schedule, func, str(point[func.name + _PLACE]), places)
            places.compute(func)
            for stage in func.stages:
                choice = self._choice(point, func, stage)
                loops = build_nest(
                    schedule,
                    stage,
                    choice,
                    is_at_root=not outside,
                    is_exact=len({of for of, _ in outside}) > 1,
                    nodes=sizes.nodes[stage.name],
                )
                places.enclose(stage.name, outside, loops)
        return schedule

    def _choice(self, point: Knobs, func: FuncFacts, stage: StageFacts) -> NestChoice:
        if has_knobs(func, stage):
            return read_choice(point, stage, self.machine)
        return default_nest(stage, self.machine, has_company=False)

    def _place(self, schedule: Schedule, func: FuncFacts, place: str, places: Places) -> tuple[Loop, ...]:
        """Place a Func that is not inlined; returns the loops around it."""
        sites = places.sites(func.name)
        if place == UNSAID:
            return sites
        if place not in LEVELS or not sites:
            schedule[func.name].compute_root()
            return ()
        level = LEVELS.index(place)
        depth = len(sites) if place == LEVELS[-1] else min(level + 1, len(sites))
        schedule[func.name].compute_at(*sites[depth - 1])
        return sites[:depth]

    def _sizes(self, point: Knobs) -> _Sizes:
        """Which Funcs are inlined, and how large that makes the stages."""
        places, inlined = Places(), set[str]()
        for func in reversed(self.funcs):
            is_wanted = not func.is_output and point[func.name + _PLACE] == INLINE
            if is_wanted and (places.can_inline(func) or self.places[func.name] == (INLINE,)):
                places.inline(func)
                inlined.add(func.name)
            else:
                places.compute(func)
        return _Sizes(frozenset(inlined), places.all_nodes())


@dataclass(frozen=True)
class _Sizes:
    """The Funcs that are inlined, and the sizes of the stages that are not, with what is inlined into them [nodes]."""

    inlined: frozenset[str]
    nodes: dict[StageName, int]


def _at_root(point: Knobs) -> dict[str, KnobValue]:
    """The point with Funcs computed whole that are computed in parts."""
    return {name: ROOT if value in LEVELS else value for name, value in point.items()}
