"""What ``--cluster`` may say, and the jobs that batch systems are given for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dask
import pytest

from autotune.cluster.address import ClusterAddress, parse_cluster
from autotune.cluster.client import open_client
from autotune.cluster.queues import make_queue
from tensorlang.errors import TuningError
from tests.architecture.sources import ROOT


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("tcp://10.0.0.1:8786", "", 0),
        ("tls://head:8786", "", 0),
        ("local:2", "local", 2),
        ("slurm:16", "slurm", 16),
        ("pbs:1", "pbs", 1),
        ("sge:3", "sge", 3),
    ],
)
def test_address(text: str, kind: str, count: int) -> None:
    assert parse_cluster(text) == ClusterAddress(text, kind, count)


@pytest.mark.parametrize("text", ["", "local", "local:0", "slurm:-1", "lsf:2", "tcp://head", "head:8786", "local:2 "])
def test_what_is_no_address(text: str) -> None:
    assert parse_cluster(text) is None


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("slurm", ("#SBATCH -n 1", "#SBATCH --cpus-per-task=8", "#SBATCH -p fast", "#SBATCH --exclusive")),
        ("pbs", ("#PBS -q fast", "#PBS -l select=1:ncpus=8:mem=15GB", "#PBS -l place=excl")),
        ("sge", ("#$ -q fast", "#$ -l exclusive=true")),
    ],
)
def test_job_is_one_worker_that_has_its_machine_for_itself(kind: str, lines: tuple[str, ...]) -> None:
    directives = ["-l exclusive=true"] if kind == "sge" else []
    with (
        dask.config.set({f"jobqueue.{kind}.job-extra-directives": directives}),
        make_queue(
            kind,
            cores=8,
            memory="16GB",
            queue="fast",
            scheduler_options={"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"},
        ) as cluster,
    ):
        script = cluster.job_script()
    assert set(lines) <= set(script.splitlines())
    (command,) = (line for line in script.splitlines() if "dask_worker" in line)
    assert command.endswith("--nthreads 1")  # the last one counts
    assert "--nworkers" not in command
    assert "--nanny" in command


def test_job_that_is_not_described_is_refused() -> None:
    with pytest.raises(TuningError) as caught, open_client(ClusterAddress("slurm:2", "slurm", 2)):
        pass
    assert str(caught.value) == (
        "slurm:2 cannot be used: Dask's configuration does not say what a job is.\n"
        "  rule        needed in ~/.config/dask/jobqueue.yaml, under jobqueue: slurm: cores, memory"
    )


def test_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autotune.cluster.client._CONNECT_S", 0.2)
    with pytest.raises(TuningError) as caught, open_client(ClusterAddress("tcp://127.0.0.1:9", "", 0)):
        pass
    assert str(caught.value) == (
        "No Dask scheduler answers at tcp://127.0.0.1:9.\n"
        "  hint        start one with `dask scheduler`, and on each machine `dask worker ADDRESS --nthreads 1`"
    )


def test_extra_that_is_not_installed_is_named(tmp_path: Path) -> None:
    """Without the packages of the extra, the command says what to install; without the option, it needs none."""
    without = "import sys; sys.modules['distributed'] = None; from autotune.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", without, "tune", "alexnet", "--cluster", "local:1"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TENSORLANG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: distributed not installed: pip install 'tensorlang[distributed]'\n"
