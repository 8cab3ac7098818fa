"""Random points of generic spaces: ``python -m tests.schedules.generic_points PROGRAMS POINTS`` tries many.

Each point of the space of each program has to be lowered, and every so often compiled and compared with the oracle.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import tensorlang as tl
from schedules import ScheduleSpace, generic_space
from schedules.space import KnobValue
from tensorlang.errors import TensorlangError
from tensorlang.fuzz.chance import Chance
from tensorlang.fuzz.programs.model import Program
from tensorlang.fuzz.programs.table import draw_program
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.schedule import Schedule, resolve
from tensorlang.validation import check_kernel

Shapes = Mapping[str, tuple[int, ...]]

_COMPILED = 10


class _Dice(Chance):
    """Choices of a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def integer(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return low if high <= low else self._random.randint(low, high)


def drawn_program(seed: int) -> Program:
    """A random program of the fuzzer's."""
    return draw_program(_Dice(seed))


def random_points(space: ScheduleSpace, seed: int, count: int) -> Iterator[dict[str, KnobValue]]:
    """Points of a space, each knob by itself."""
    random = Random(seed)
    for _ in range(count):
        yield {knob.name: random.choice(knob.choices) for knob in space.space.knobs}


def lower_point(algorithm: Algorithm, shapes: Shapes, schedule: Schedule) -> None:
    """Lower a program under a schedule; TensorlangError if that is not legal."""
    lower(resolve(algorithm, schedule), shapes)


def _try_program(outputs: Sequence[tl.Func], shapes: Shapes, seed: int, points: int, tally: Counter[str]) -> None:
    algorithm = build_algorithm(outputs)
    try:
        lower_point(algorithm, shapes, Schedule(algorithm))
    except TensorlangError:
        tally["programs that are not legal"] += 1
        return
    space = generic_space(algorithm, shape=shapes, threads=2)
    for number, point in enumerate([space.default, *random_points(space, seed, points)]):
        tally["points"] += 1
        schedule = space.make(point)
        tally["points without a directive"] += not schedule.directives
        try:
            lower_point(algorithm, shapes, schedule)
        except TensorlangError as problem:
            tally[f"illegal: {problem.rule or problem.message}"] += 1
            print(f"program {seed}, point {number}: {problem}\n{schedule}", flush=True)
            continue
        if tally["points"] % _COMPILED == 0:
            result = check_kernel(tl.compile(algorithm, schedule, shape=shapes, cache=False), threads=2)
            tally["compared"] += 1
            if not result.ok:
                tally["wrong"] += 1
                print(f"program {seed}, point {number}: {result.reason}\n{schedule}", flush=True)


def main(programs: int, points: int) -> int:
    """Try `points` points of each of `programs` programs; returns the number of failures."""
    tally: Counter[str] = Counter()
    for seed in range(programs):
        program = drawn_program(seed)
        _try_program(program.outputs, program.shapes, seed, points, tally)
    print(*(f"{count} {what}" for what, count in tally.items()), sep="\n")
    return sum(count for what, count in tally.items() if what.startswith(("illegal", "wrong")))


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]))))
