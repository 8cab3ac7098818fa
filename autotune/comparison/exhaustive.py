"""A whole space measured, and what the pre-filter would have rejected of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autotune.measure.outcome import Measurement
from autotune.problem import LayerProblem
from autotune.trials import Trial, schedule_digest
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.codegen.target import Target
from tensorlang.errors import ScheduleError, TuningError

AS_GOOD = 1.01
"""Times the least time that a point may take to count as an optimum, too: single measurements are no more exact."""

_TARGET = ("name", "vector_bits", "vector_registers", "l1d_bytes", "l2_bytes", "l3_bytes")
_BOOLEANS = {"True": True, "False": False}


@dataclass(frozen=True)
class Exhausted:
    """The legal points of a space with their times [s], None for those that failed, and why each is hopeless, if so."""

    points: tuple[tuple[Knobs, float | None, str], ...]

    @property
    def rejected(self) -> Mapping[str, int]:
        """How many points each objection rejects."""
        return Counter(objection for _, _, objection in self.points if objection)

    @property
    def optima(self) -> list[tuple[Knobs, float, str]]:
        """The fastest point, and those as good, fastest first, with the objections to them."""
        timed = sorted(((k, t, o) for k, t, o in self.points if t is not None), key=lambda point: point[1])
        return [point for point in timed if point[1] <= AS_GOOD * timed[0][1]]

    @property
    def hides_optimum(self) -> bool:
        """True if no optimum is left of what the pre-filter lets through."""
        return bool(self.optima) and all(objection for _, _, objection in self.optima)

    @property
    def cost(self) -> float | None:
        """Least time of what is let through over the least time of all; None if nothing is let through."""
        left = [time_s for _, time_s, objection in self.points if time_s is not None and not objection]
        return min(left) / self.optima[0][1] if left else None


def restrict(problem: LayerProblem, names: Sequence[str]) -> LayerProblem:
    """The problem with no knobs but those called `names`, the others as the default has them.

    Raises
    ------
    TuningError
        If there is no such knob.
    """
    known = [knob.name for knob in problem.space.knobs]
    if unknown := [name for name in names if name not in known]:
        raise TuningError(f"{problem.layer.name} has no knob {unknown[0]!r}.", legal=" | ".join(known))
    knobs = (
        knob if not names or knob.name in names else Knob(knob.name, (problem.default[knob.name],))
        for knob in problem.space.knobs
    )
    return replace(problem, space=Space(tuple(knobs)))


def legal_points(problem: LayerProblem) -> Iterator[tuple[Knobs, str]]:
    """The default, then all other points that make a schedule of their own, each with that schedule as JSON."""
    seen: set[str] = set()
    for knobs in (problem.default, *problem.space.points()):
        if not problem.is_legal(knobs):
            continue
        try:
            schedule = problem.make_schedule(knobs)
        except ScheduleError:
            continue
        if schedule not in seen:
            seen.add(schedule)
            yield knobs, schedule


def exhaust(
    points: Sequence[tuple[Knobs, str]],
    measure: Callable[[str], Measurement],
    objection: Callable[[Knobs], str],
    notify: Callable[[Knobs], None] = lambda knobs: None,
) -> Exhausted:
    """Measure every point.

    Parameters
    ----------
    points : sequence of (Knobs, str)
        From `legal_points`.
    measure : callable
        Schedule as JSON -> measurement.
    objection : callable
        Why a point is hopeless; "" if it is not.
    notify : callable
        Told each point before it is measured.
    """
    found = []
    for knobs, schedule in points:
        notify(knobs)
        trial = Trial(knobs, schedule_digest(schedule), measure(schedule))
        found.append((knobs, trial.time_s, objection(knobs)))
    return Exhausted(tuple(found))


def to_data(found: Exhausted, problem: LayerProblem, target: Target) -> dict[str, Any]:
    """The points with their times, and what the pre-filter does to them, as JSON data.

    ``points`` maps the values of the knobs, in the order of ``knobs``, to a time [s] or null. With ``target`` and
    ``default``, what is not in there of the other knobs, the pre-filter can be asked again: see `replay`.
    """
    names = [knob.name for knob in problem.space.knobs if len(knob.choices) > 1]
    return {
        "workload": problem.layer.workload.to_data(),
        "family": problem.family,
        "threads": problem.threads,
        "target": {name: getattr(target, name) for name in _TARGET},
        "default": dict(problem.default),
        "knobs": names,
        "points": {" ".join(str(knobs[name]) for name in names): time_s for knobs, time_s, _ in found.points},
        "rejected": dict(found.rejected),
        "optima_rejected": [sum(bool(objection) for _, _, objection in found.optima), len(found.optima)],
        "hides_optimum": found.hides_optimum,
        "cost": found.cost,
    }


def replay(data: Mapping[str, Any], objection: Callable[[Knobs], str]) -> Exhausted:
    """The points of `to_data` with their times, and what an `objection` says of them now."""
    points = []
    for text, time_s in data["points"].items():
        values = map(_parse, text.split())
        knobs = {**data["default"], **dict(zip(data["knobs"], values, strict=True))}
        points.append((knobs, time_s, objection(knobs)))
    return Exhausted(tuple(points))


def _parse(word: str) -> KnobValue:
    return _BOOLEANS[word] if word in _BOOLEANS else int(word) if word.isdecimal() else word
