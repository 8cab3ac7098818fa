"""Schedules: how an algorithm is computed, as data, with the checks that need names only."""

from tensorlang.schedule.handle import StageHandle
from tensorlang.schedule.knobs import Knob, knob
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.resolved import ResolvedSchedule
from tensorlang.schedule.schedule import Schedule
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.table import DIRECTIVES
from tensorlang.schedule.tails import TailStrategy

__all__ = [
    "DIRECTIVES",
    "Knob",
    "ResolvedSchedule",
    "Schedule",
    "StageHandle",
    "StageName",
    "TailStrategy",
    "knob",
    "resolve",
]
