"""A tuner of a shared study as a process: ``python -m tests.autotune.sharing URL LIMIT``."""

from __future__ import annotations

import sys
import time

from optuna.storages import BaseStorage

from autotune.measure.outcome import Measurement
from autotune.storage import open_storage
from autotune.study import LayerStudy
from schedules.space import Knob, Space
from tests.autotune.fakes import make_layer, make_problem, ok

SPACE = Space((Knob("tile", tuple(range(64))), Knob("unroll", (False, True)), Knob("order", ("mn", "nm"))))
ENOUGH = 20
"""Trials that all tuners together make."""

_MEASURING_S = 0.03


def open_study(storage: BaseStorage) -> LayerStudy:
    """The study that is shared."""
    return LayerStudy(make_problem(make_layer("shared"), space=SPACE), storage, seed=0)


def main(url: str, limit: int) -> None:
    """Print schedules and measure them until there are enough trials; the one after `limit` takes for ever."""
    study = open_study(open_storage(url))
    measured = 0

    def measure(schedule: str) -> Measurement:
        nonlocal measured
        measured += 1
        print(schedule, flush=True)
        time.sleep(_MEASURING_S if measured <= limit else 600)
        return ok(1e-3 * (1 + len(schedule)))

    while len(study.trials) < ENOUGH:
        study.step(measure)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
