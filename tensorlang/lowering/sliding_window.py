"""Compute only what earlier iterations have not, of a Func whose storage outlives the loops it is computed in.

In: the region of a Func that each iteration needs, and the loops between its storage and its computation. Out: the box
to compute in each iteration, the iterations to put in front of loops (`tensorlang.lowering.warm_ups`), and what to say.
Order: while the Func is placed: its own producers then see what is left to compute, so that chains slide too.
Refuses: nothing; where a Func cannot slide over a loop, all is computed again, and `notes` say why.
Source: Halide's SlidingWindow.cpp.

A loop is slid over if the region moves with it in one dimension, one way, and is the same in all others. Iteration `t`
then needs ``[lo(t), hi(t)]``, of which ``[lo(t - 1), hi(t - 1)]`` is there, and computes ``[hi(t - 1) + 1, hi(t)]``.
For the first one, `k` iterations are put in front, the least for which ``hi(-k - 1) < lo(0)``, where they can be; else
the first computes all. A region that does not move at all is computed in the first iteration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tensorlang.bounds.surroundings import Box, bound_name
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Select, Unary, UnaryOp, Variable, index
from tensorlang.ir.stmt import LoopKind, Range
from tensorlang.ir.visitor import free_variables, substitute, walk
from tensorlang.lowering.paths import Path, Step
from tensorlang.schedule.resolved import FuncSchedule, Split
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.intervals import Interval
from tensorlang.symbolic.monotonic import Direction, infer_direction, outermost
from tensorlang.symbolic.simplify import difference, simplify

# Most iterations to put in front of a loop: more than any stencil has rows.
_MOST_WARM_UPS = 1 << 12
# Nodes of a bound that is not copied to every access, and of one that regions would take too long to infer from.
_LONG, _TOO_LONG = 12, 80
_NEVER_DOWN, _NEVER_UP = (Direction.CONSTANT, Direction.UP), (Direction.CONSTANT, Direction.DOWN)


@dataclass
class Window:
    """How a Func slides.

    Attributes
    ----------
    box : Box
        What each iteration computes.
    facts : Facts
        What holds of the loops that `box` is in terms of, those put in front counted.
    warm_ups : dict of str to int
        Iterations to put in front of loops.
    conditions : list of Expr
        When to compute at all.
    kept_over : set of str
        The loops whose iterations use what earlier ones computed.
    is_downward : bool
        Some dimension grows at its lower end.
    notes : list of str
        Over which loops it slides, or why it does not, outermost first.
    """

    box: Box
    facts: Facts
    warm_ups: dict[str, int] = field(default_factory=dict)
    conditions: list[Expr] = field(default_factory=list)
    kept_over: set[str] = field(default_factory=set)
    is_downward: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Need:
    """What an iteration needs of a Func, in terms of what is known at the place of its computation.

    `steady` is the box where the code that needs it does run; `condition` holds wherever anything is needed (None:
    nothing is known).
    """

    box: Box
    steady: Box
    condition: Expr | None


def slide(func: FuncDef, schedule: FuncSchedule, path: Path, need: Need) -> Window:
    """How `func` slides over the loops of `path`, in whose last body it is computed."""
    slider = _Slider(func, schedule, path, need)
    for step in reversed(path.steps):
        slider.over(step)
    slider.window.notes.reverse()
    return slider.window


@dataclass(frozen=True, slots=True)
class NamedBounds:
    """A box in which names stand for long bounds, their values, and what is known of them."""

    box: tuple[Range, ...]
    values: Mapping[str, Expr]
    facts: Facts


def name_bounds(func: FuncDef, box: tuple[Range, ...], facts: Facts) -> NamedBounds:
    """Give names to the bounds of `box` that are long, so that they are computed once and not at every access."""
    values: dict[str, Expr] = {}
    sides = []
    for dim, side in zip(func.vars, box, strict=True):
        ends: list[Expr] = []
        for end, what in ((side.min, "min"), (side.extent, "extent")):
            name = bound_name(func.name, dim, what)
            if _size(end) > _LONG or any(isinstance(node, Select) for node in walk(end)):
                values[name] = end
                facts = facts.with_limits(name, facts.of(end))
                ends.append(Variable(name))
            else:
                ends.append(end)
        sides.append(Range(*ends))
    return NamedBounds(tuple(sides), values, facts)


class _Slider:
    """Goes over the loops from the inside out, and makes the box smaller."""

    def __init__(self, func: FuncDef, schedule: FuncSchedule, path: Path, need: Need) -> None:
        self.func, self.schedule, self.path = func, schedule, path
        self.need = [_expanded(side, path.lets, path.facts) for side in need.box]
        self.steady = [_expanded(side, path.steady, path.facts) for side in need.steady]
        self.chosen = [] if need.condition is None else [substitute(need.condition, path.lets)]
        self.window = Window(tuple(self.need), path.facts)
        self.slid: set[int] = set()

    def over(self, step: Step) -> None:
        """Slide over one loop, or say why not."""
        last = self.path.facts.limits[step.loop.var].hi
        if last is not None and last < 1:
            return
        moving = [d for d, side in enumerate(self.need) if _varies(side, step.loop.var)]
        inside = self.path.steps[self.path.steps.index(step) + 1 :]
        ragged = [other.name for other in inside if step.loop.var in free_variables(other.extent)]
        if ragged:
            reason = f"the length of {ragged[0]} differs from iteration to iteration"
        elif not step.is_certain or any(step.loop.var in free_variables(condition) for condition in self.chosen):
            reason = "a condition decides which iterations need it"
        elif len(moving) > 1:
            reason = f"what it needs moves in {' and '.join(self.func.vars[d] for d in moving)}"
        elif moving:
            reason = self._along(step, moving[0])
        else:
            self._once(step)
            return
        self.window.notes.append(f"does not slide over {step.name}: {reason}" if reason else f"slides over {step.name}")

    def _once(self, step: Step) -> None:
        """Compute in the first iteration what all need."""
        self.window.conditions.append(_is_first(step))
        self.window.kept_over.add(step.loop.var)
        self.window.notes.append(f"is computed in the first iteration of {step.name}")

    def _along(self, step: Step, d: int) -> str:
        """Slide over a loop that moves dimension `d`; the reason why not, if there is one."""
        dim = self.func.vars[d]
        if any(to.var == dim for to in self.schedule.alignments):
            # The ends of what is computed are not those of what is needed, and only the latter are known here.
            return f"the bounds of {dim} are aligned"
        if any(update.args[d] != Variable(dim) for update in self.func.updates):
            return f"an update does not keep {dim} in place"
        is_upward = infer_direction(_end(self.need[d].lo), step.loop.var) in _NEVER_DOWN
        is_downward = infer_direction(_end(self.need[d].hi), step.loop.var) in _NEVER_UP
        if not is_upward and not is_downward:
            return f"what it needs of {dim} does not move one way"
        if not is_upward and self._may_overrun():
            return f"a tail rounds up over {dim} that is there already"
        return self._apply(step, d, _as_it_is if is_upward else _mirrored)

    def _may_overrun(self) -> bool:
        nests = [nest for stage in self.schedule.stages for nest in stage.nests]
        steps = [t for nest in nests for t in nest.transforms if isinstance(t, Split)]
        return any(t.tail.overwrites for t in steps)

    def _apply(self, step: Step, d: int, turned: _Turn) -> str:
        """Slide along dimension `d`, which moves up once `turned`."""
        need, steady, box = (turned(sides[d]) for sides in (self.need, self.steady, self.window.box))
        var = step.loop.var
        later = self._facts_from(var, 1)
        before = _at(_end(need.hi), var, _plus(Variable(var), -1))
        reached = self._reached(var, d, need, later, before)
        if _proves_below(reached, _end(need.lo), later):
            return "no two iterations need the same"
        # Iterations in front are for windows that each iteration moves by itself, not together with loops inside.
        is_alone = reached is before and d not in self.slid
        count = self._count(step, need, steady) if is_alone else None
        if count is None:
            start = _max(_end(box.lo), _plus(reached, 1), later)
            new = Interval(Select(_is_first(step), _end(box.lo), start), box.hi)
        else:
            new = self._warmed_up(var, count, need, steady, later)
        if sum(_size(_end(end)) for end in (new.lo, new.hi)) > _TOO_LONG:
            return "its bounds would be too long"
        if count:
            self._start_earlier(var, count, d)
        self._take(d, turned(new))
        self.slid.add(d)
        self.window.kept_over.add(var)
        self.window.is_downward |= turned is _mirrored
        return ""

    def _facts_from(self, var: str, first: int) -> Facts:
        facts = self.window.facts
        return facts.with_limits(var, Limits(first, facts.limits[var].hi))

    def _take(self, d: int, side: Interval) -> None:
        facts = self.window.facts
        simplified = Interval(simplify(_end(side.lo), facts), simplify(_end(side.hi), facts))
        self.window.box = (*self.window.box[:d], simplified, *self.window.box[d + 1 :])

    def _reached(self, var: str, d: int, need: Interval, later: Facts, before: Expr) -> Expr:
        """The last coordinate that is there when an iteration of loop `var` starts to need some.

        It is the last one that the iteration before needed with the loops inside at the same count, `before`; or at
        any, if only one of them moves this dimension, moves it up without a gap, and moves no other.
        """
        inside = self.path.steps[[step.loop.var for step in self.path.steps].index(var) + 1 :]
        movers = [step for step in inside if _varies(need, step.loop.var)]
        if len(movers) != 1 or not self._covers(movers[0], var, d, need, later):
            return before
        (mover,) = movers
        last = _plus(mover.extent, self.window.warm_ups.get(mover.loop.var, 0) - 1)
        return _at(before, mover.loop.var, last)

    def _covers(self, mover: Step, var: str, d: int, need: Interval, later: Facts) -> bool:
        """Whether loop `mover` needs all of dimension `d` between its first and its last need, and moves no other."""
        inner = mover.loop.var
        if any(_varies(side, inner) for e, side in enumerate(self.need) if e != d):
            return False
        if not mover.is_certain or mover.first or var in free_variables(mover.extent):
            return False
        goes_up = all(infer_direction(_end(end), inner) in _NEVER_DOWN for end in (need.lo, need.hi))
        next_lo = _at(_end(need.lo), inner, _plus(Variable(inner), 1))
        runs = (later.of(mover.extent).lo or 0) >= 1
        return goes_up and runs and _proves_below(next_lo, _plus(_end(need.hi), 2), later)

    def _start_earlier(self, var: str, count: int, d: int) -> None:
        """Count the iterations of loop `var`, which moves dimension `d` alone, from those put in front."""
        facts, now = self.window.facts, {var: _plus(Variable(var), -count)}
        hi = facts.limits[var].hi
        self.window.warm_ups[var] = count
        self.window.facts = facts.with_limits(var, Limits(0, None if hi is None else hi + count))
        for sides in (self.need, self.steady):
            sides[d] = Interval(*(substitute(_end(end), now) for end in (sides[d].lo, sides[d].hi)))

    def _count(self, step: Step, need: Interval, steady: Interval) -> int | None:
        """The number of iterations to put in front of a loop; None where that cannot be."""
        var, end = step.loop.var, _end(steady.hi)
        runs = (self.path.facts.of(step.extent).lo or 0) >= 1
        if not runs or not step.is_direct or step.loop.kind is not LoopKind.SERIAL:
            return None
        if infer_direction(end, var) is not Direction.UP:
            return None
        first = _at(_end(need.lo), var, index(0))

        def reaches(count: int) -> bool:
            return _proves_below(_at(end, var, index(-count - 1)), first, self.path.facts)

        most = 1
        while not reaches(most):
            most *= 2
            if most > _MOST_WARM_UPS:
                return None
        return next((count for count in range(most // 2, most) if reaches(count)), most)

    def _warmed_up(self, var: str, count: int, need: Interval, steady: Interval, later: Facts) -> Interval:
        """What an iteration computes, in terms of a loop with `count` iterations in front."""
        facts = self.window.facts.with_limits(var, Limits(-count, self.window.facts.limits[var].hi))
        first = _at(_end(need.lo), var, index(0))
        before = _plus(_at(_end(steady.hi), var, _plus(Variable(var), -1)), 1)
        start = _max(first, before, facts)
        if not _proves_below(_end(steady.lo), _plus(before, 1), later):
            start = _max(start, _end(steady.lo), facts)
        now = _plus(Variable(var), -count)
        return Interval(_at(start, var, now), _at(_end(steady.hi), var, now))


class _Turn:
    """Whether a dimension is looked at as it is, or upside down."""

    def __init__(self, is_mirror: bool) -> None:
        self.is_mirror = is_mirror

    def __call__(self, side: Interval) -> Interval:
        if not self.is_mirror:
            return side
        return Interval(Unary(UnaryOp.NEG, _end(side.hi)), Unary(UnaryOp.NEG, _end(side.lo)))


_as_it_is, _mirrored = _Turn(False), _Turn(True)


def _end(end: Expr | None) -> Expr:
    assert end is not None, "callers check for unbounded regions first"
    return end


def _expanded(side: Interval, lets: Mapping[str, Expr], facts: Facts) -> Interval:
    """An interval in terms of the loops alone. Of what a consumer computes where it slides, its first iteration counts
    for all: that moves one way, and nothing outside of it is needed."""
    lo, hi = (simplify(substitute(_end(end), lets), facts) for end in (side.lo, side.hi))
    return Interval(simplify(outermost(lo, BinaryOp.MIN), facts), simplify(outermost(hi, BinaryOp.MAX), facts))


def _varies(side: Interval, var: str) -> bool:
    return var in free_variables(_end(side.lo)) | free_variables(_end(side.hi))


def _size(expr: Expr) -> int:
    """Number of nodes."""
    return sum(1 for _ in walk(expr))


def _at(expr: Expr, var: str, value: Expr) -> Expr:
    return substitute(expr, {var: value})


def _plus(expr: Expr, number: int) -> Expr:
    return Binary(BinaryOp.ADD, expr, index(number))


def _max(a: Expr, b: Expr, facts: Facts) -> Expr:
    return simplify(Binary(BinaryOp.MAX, a, b), facts)


def _proves_below(a: Expr, b: Expr, facts: Facts) -> bool:
    return facts.proves_at_least(difference(b, a, facts), 1)


def _is_first(step: Step) -> Expr:
    return Compare(CompareOp.LE, Variable(step.loop.var), index(step.first))
