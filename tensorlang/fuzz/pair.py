"""A program and a schedule: drawn, lowered, compiled, and compared with the oracle."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from tensorlang.errors import InternalError, TensorlangError
from tensorlang.fuzz.chance import Chance
from tensorlang.fuzz.directives.draw import draw_schedule, take_back
from tensorlang.fuzz.directives.scene import Scene
from tensorlang.fuzz.judge import disagreement
from tensorlang.fuzz.patience import TooSlowError, limited
from tensorlang.fuzz.programs.model import Program
from tensorlang.fuzz.programs.table import draw_program
from tensorlang.ir.module import Module
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.module import compile_module
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.schedule import Schedule

THREADS = (1, 2)
_MOST_REPAIRS = 6
_PLACES_SHOWN = 4
PATIENCE_S = 2.0
"""Of processor time, in which ten other pairs can be run."""


class Kind(StrEnum):
    """How a case ended."""

    AGREED = "agreed"
    REFUSED = "refused"
    """The program, or the schedule after all repairs, is not legal: nothing was compared."""
    SLOW = "slow"
    """Drawing, which asks bounds inference all the time, and compiling take too long: nothing was compared."""
    MISMATCH = "mismatch"
    INTERNAL_ERROR = "internal error"
    """The compiler raised what only a defect of its own raises."""
    CRASH = "crash"
    """The process died: an access outside of an array, or an abort."""
    HANG = "hang"

    @property
    def is_failure(self) -> bool:
        """Whether it shows a defect."""
        return self not in (Kind.AGREED, Kind.REFUSED, Kind.SLOW)


@dataclass(frozen=True)
class Outcome:
    """How a case ended, and why."""

    kind: Kind
    reason: str = ""


class Attempt:
    """A pair on its way from choices to an answer; what has been drawn stays, whatever fails after it."""

    def __init__(self) -> None:
        self.program: Program | None = None
        self.scene: Scene | None = None
        self.problem: TensorlangError | None = None
        self._module: Module | None = None

    @property
    def schedule(self) -> Schedule:
        """The schedule as far as it has been drawn."""
        return Schedule(None, self.scene.directives if self.scene else ())

    def draw(self, chance: Chance, goals: Collection[str] = ()) -> None:
        """Draw a program, and a schedule that lowering accepts; `problem` says why not, if it is refused all the same.

        Raises
        ------
        InternalError
            If the compiler fails on it.
        """
        self.program = draw_program(chance, goals)
        self.scene = Scene(chance, build_algorithm(self.program.outputs), self.program.shapes, goals)
        draw_schedule(self.scene)
        for _ in range(_MOST_REPAIRS):
            self.problem = self._lower(self.scene)
            if self.problem is None or not take_back(self.scene, self.problem):
                return

    def _lower(self, scene: Scene) -> TensorlangError | None:
        """Lower the schedule as it is; the error with which it is refused."""
        try:
            self._module = lower(resolve(scene.original, self.schedule), scene.shapes)
        except InternalError:
            raise
        except TensorlangError as problem:
            return problem
        return None

    def run(self) -> Outcome:
        """Compile the pair and compare it with the oracle, with one thread and with two.

        An access outside of the arrays ends the process: see `tensorlang.fuzz.supervisor`.
        """
        if self.problem is not None:
            return Outcome(Kind.REFUSED, self.problem.rule or self.problem.message)
        assert self.program is not None, "draw comes first"
        return compare(self.compile(), self.program.exact)

    def compile(self) -> Kernel:
        """The kernel of the pair, without lowering it again."""
        assert self.scene is not None and self._module is not None, "draw comes first"
        return compile_module(self._module, algorithm=self.scene.original, schedule=self.schedule, cache=False)


def compare(kernel: Kernel, exact: Collection[str]) -> Outcome:
    """Compare a kernel with the oracle; the outputs in `exact` to the bit."""
    for threads in THREADS:
        reason = disagreement(kernel, threads, exact)
        if reason:
            return Outcome(Kind.MISMATCH, f"with {threads} thread{'s' if threads > 1 else ''}: {reason}")
    return Outcome(Kind.AGREED)


def play(chance: Chance, goals: Collection[str] = ()) -> tuple[Attempt, Outcome]:
    """Draw and run a pair; whatever is raised on the way is an outcome."""
    attempt = Attempt()
    try:
        with limited(PATIENCE_S):
            attempt.draw(chance, goals)
        return attempt, attempt.run()
    except TooSlowError:
        return attempt, Outcome(Kind.SLOW, f"the compiler took more than {PATIENCE_S:g} s")
    except Exception as defect:  # noqa: BLE001 - a legal pair raises nothing, so whatever it raises is to be reported
        return attempt, as_outcome(defect)


def as_outcome(defect: Exception) -> Outcome:
    """The outcome that an exception of the compiler is."""
    places = traceback.extract_tb(defect.__traceback__)[-_PLACES_SHOWN:]
    where = "".join(f"\n  {place.filename}:{place.lineno} in {place.name}" for place in places)
    return Outcome(Kind.INTERNAL_ERROR, f"{type(defect).__name__}: {defect}{where}")
