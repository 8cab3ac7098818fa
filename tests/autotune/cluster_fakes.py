"""A Dask cluster on this machine whose workers believe to run on several machines, and measure with a fake child."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from distributed import Worker, WorkerPlugin

from autotune.cluster import worker as worker_module
from autotune.cluster.machine import Kind, Report
from autotune.toolchain import find_toolchain
from schedules import Hardware
from tensorlang.codegen import host_target
from tests.architecture.sources import ROOT

_MEMORY = 1 << 30

MACHINES = ("a", "a", "b", "c")
"""The machine of each worker, by its number."""
OTHER = "c"
"""The machine that is of another kind."""


def kind_of(machine: str) -> Kind:
    """What a machine reports itself to be: this one, but that `OTHER` has another model."""
    target = host_target()
    hardware = replace(Hardware.here(target.cores), model="other" if machine == OTHER else "common")
    return Kind(hardware, target, find_toolchain())


class Pretend(WorkerPlugin):  # type: ignore[misc]
    """Makes a worker believe that it runs on another machine than its neighbours."""

    name = "pretend"

    def __init__(self, homes: Path) -> None:
        self.homes = homes

    def setup(self, worker: Worker) -> None:
        """Called in each worker, also in one that comes back."""
        machine = MACHINES[int(worker.name)]
        os.environ["TENSORLANG_HOME"] = str(self.homes / machine)
        os.environ["PYTHONPATH"] = str(ROOT)
        child = Path(__file__).with_name("cluster_child.py")
        worker_module.child_command = (sys.executable, str(child), str(_MEMORY))
        worker_module.describe = lambda: Report(machine, kind_of(machine), {"cpu": machine})
