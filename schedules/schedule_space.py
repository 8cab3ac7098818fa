"""A space whose points are schedules of one program, whatever made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schedules.space import Knobs, Space
from tensorlang.schedule import Schedule


@dataclass(frozen=True)
class ScheduleSpace:
    """What `autotune.tune` searches.

    Attributes
    ----------
    space : Space
    default : mapping
        Where the search begins: a point of `space`.
    make : callable
        Point -> schedule without holes, bound to the output; ScheduleError if the point turns out to be illegal.
    meaning : str
        Tells spaces of the same knobs apart: points of one meaning make the same schedules.
    """

    space: Space
    default: Knobs
    make: Callable[[Knobs], Schedule]
    meaning: str
