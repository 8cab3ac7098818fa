"""Checks of whole schedules that need extents: later layers add them here, so that `Schedule.check` knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, TypeVar

from tensorlang.errors import TensorlangError
from tensorlang.schedule.resolved import ResolvedSchedule

Examiner: TypeAlias = Callable[[ResolvedSchedule, Mapping[str, tuple[int, ...]], str], Iterable[TensorlangError]]
"""Takes a schedule, the shapes that are given, and the numerics; returns every problem that it finds."""

_Examiner = TypeVar("_Examiner", bound=Examiner)
_examiners: list[Examiner] = []


def examines(examiner: _Examiner) -> _Examiner:
    """Have `examiner` take part in `Schedule.check`."""
    _examiners.append(examiner)
    return examiner


def examine(
    resolved: ResolvedSchedule, shapes: Mapping[str, tuple[int, ...]], numerics: str
) -> tuple[TensorlangError, ...]:
    """Every problem that the examiners find; they are complete once `tensorlang` is imported."""
    return tuple(problem for examiner in _examiners for problem in examiner(resolved, shapes, numerics))
