"""Any program as something to be tuned: its Funcs, its shapes and a space of schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autotune.measure.limits import Limits
from autotune.measure.subjects import Subject
from autotune.problem import Problem, problem_key
from schedules import Hardware, Knobs, ScheduleSpace
from tensorlang.errors import ScheduleError
from tensorlang.inspection.operations import count_needed
from tensorlang.ir.algorithm import Algorithm
from tensorlang.schedule import Schedule
from tensorlang.validation.hashing import algorithm_hash, sized_algorithm_hash

_OPERATIONS_PER_MAC = 2
_UNKNOWN_OPERATIONS = 1e9


@dataclass(frozen=True, kw_only=True)
class ProgramProblem(Problem):
    """A program to be tuned.

    Attributes
    ----------
    subject : Subject
    schedules : ScheduleSpace
    baseline : Schedule or None
        What the others have to beat, if it is not the schedule of `default`.
    refused : set of str
        Points that turned out to be illegal when their schedules were made.
    """

    subject: Subject
    schedules: ScheduleSpace
    baseline: Schedule | None
    refused: set[str]

    @property
    def name(self) -> str:
        """The names of the outputs."""
        return "+".join(self.subject.algorithm.outputs)

    @property
    def workload(self) -> str:
        """The program, for the measuring child."""
        return self.subject.to_json()

    @property
    def limits(self) -> Limits:
        """Limits that follow from the number of operations."""
        operations = count_needed(self.subject.algorithm, self.subject.shapes) or _UNKNOWN_OPERATIONS
        return Limits.for_macs(int(operations / _OPERATIONS_PER_MAC))

    @property
    def default_schedule(self) -> str:
        """The baseline as JSON."""
        return self.baseline.to_json() if self.baseline is not None else self.make_schedule(self.default)


def program_problem(
    subject: Subject, schedules: ScheduleSpace, hardware: Hardware, baseline: Schedule | None = None
) -> ProgramProblem:
    """Return the problem of finding the fastest of `schedules` for a program on this machine."""
    refused: set[str] = set()

    def make_schedule(point: Knobs) -> str:
        try:
            return schedules.make(point).to_json()
        except ScheduleError:
            refused.add(repr(sorted(point.items())))
            raise

    return ProgramProblem(
        subject=subject,
        schedules=schedules,
        baseline=baseline,
        refused=refused,
        threads=hardware.threads,
        space=schedules.space,
        default=schedules.default,
        starts=(),
        make_schedule=make_schedule,
        is_legal=lambda point: True,
        algorithm_hash=algorithm_hash(subject.algorithm),
        key=_key(subject.algorithm, subject.shapes, schedules, hardware, baseline),
    )


def _key(
    algorithm: Algorithm,
    shapes: Mapping[str, tuple[int, ...]],
    schedules: ScheduleSpace,
    hardware: Hardware,
    baseline: Schedule | None,
) -> str:
    what = f"{sorted(shapes.items())} {'' if baseline is None else baseline.to_json()}"
    return problem_key(what, schedules.meaning, schedules.space, hardware, sized_algorithm_hash(algorithm))
