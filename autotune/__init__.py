"""Tuning: measuring in a killable child process, the search, networks, reports and the `autotune` command.

``autotune.tune`` finds the fastest schedule of any Func. Importing this package imports none of its parts, which need
Optuna; looking up a tuned schedule (`schedules.lookup`) needs none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autotune.program_search import TuningResult
    from autotune.tuning import tune
    from schedules.generic import generic_space

__all__ = ["TuningResult", "generic_space", "tune"]

_HOMES = {
    "TuningResult": "autotune.program_search",
    "generic_space": "schedules.generic",
    "tune": "autotune.tuning",
}


def __getattr__(name: str) -> object:
    """The parts that users ask for, imported when they do: the command and the measuring child begin at once."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
