"""How layers are computed: parametric schedules per layer family, and the database of tuned ones."""

from __future__ import annotations

from schedules.database import Contents, Database, Problem
from schedules.explanation import Explanation, explain
from schedules.families import FAMILIES, find_family
from schedules.family import Family
from schedules.generic import generic_space
from schedules.hardware import Hardware
from schedules.lookup import Found, Rung, best, lookup, neighbours
from schedules.records import SUPERSEDES, Check, Record, Search, Timing, Toolchain
from schedules.schedule_space import ScheduleSpace
from schedules.space import Knob, Knobs, KnobValue, Space

__all__ = [
    "FAMILIES",
    "SUPERSEDES",
    "Check",
    "Contents",
    "Database",
    "Explanation",
    "Family",
    "Found",
    "Hardware",
    "Knob",
    "KnobValue",
    "Knobs",
    "Problem",
    "Record",
    "Rung",
    "ScheduleSpace",
    "Search",
    "Space",
    "Timing",
    "Toolchain",
    "best",
    "explain",
    "find_family",
    "generic_space",
    "lookup",
    "neighbours",
]
