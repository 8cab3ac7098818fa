"""Which CPUs processes are pinned to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autotune.bench.placement import choose_cpus, pinned_to, thread_environment
from tensorlang.errors import TuningError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are pinned on Linux only")


def _topology(folder: Path, siblings: dict[int, str]) -> Path:
    for cpu, text in siblings.items():
        path = folder / f"cpu{cpu}/topology/thread_siblings_list"
        path.parent.mkdir(parents=True)
        path.write_text(text + "\n")
    return folder


def test_different_cores_come_before_siblings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    topology = _topology(tmp_path, {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"})
    assert [choose_cpus(n, topology) for n in (1, 2, 3)] == [(0,), (0, 2), (0, 2, 1)]


def test_without_a_topology_every_cpu_is_a_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {4, 5})
    assert choose_cpus(2, tmp_path) == (4, 5)


def test_more_threads_than_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    with pytest.raises(TuningError) as caught:
        choose_cpus(3)
    assert str(caught.value) == (
        "3 threads were asked for, but this process may use 2 CPUs.\n  rule        every thread has a CPU of its own"
    )


def test_children_inherit_the_pinning_and_the_parent_gets_its_own_back() -> None:
    before = os.sched_getaffinity(0)
    cpu = min(before)
    with pinned_to((cpu,)):
        child = subprocess.run(
            [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"],
            capture_output=True,
            text=True,
            check=True,
        )
    assert child.stdout.strip() == str({cpu})
    assert os.sched_getaffinity(0) == before


def test_thread_pools_are_limited_alike() -> None:
    environment = thread_environment(2)
    assert {environment[name] for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")} == {"2"}
    assert environment["OMP_PROC_BIND"] == "true"
    assert environment["PATH"] == os.environ["PATH"]
