"""Workers as jobs of SLURM, PBS or Grid Engine, as the site's Dask configuration describes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dask
from dask_jobqueue import JobQueueCluster, PBSCluster, SGECluster, SLURMCluster

from tensorlang.errors import TuningError

_CLUSTERS = {"slurm": SLURMCluster, "pbs": PBSCluster, "sge": SGECluster}

# A job has its machine for itself, as whatever else runs there would be measured too. Grid Engine has no such option
# that every site knows: `-l exclusive=true` where the site has that resource.
_ALONE = {"slurm": ["--exclusive"], "pbs": ["-l place=excl"], "sge": []}


def make_queue(kind: str, **options: object) -> JobQueueCluster:
    """Return a cluster of the batch system `kind` that has no jobs yet.

    Parameters
    ----------
    kind : str
        ``"slurm"``, ``"pbs"`` or ``"sge"``.
    **options
        Others of dask-jobqueue, instead of those in the user's Dask configuration, ``jobqueue: slurm:`` and so on;
        ``cores`` and ``memory`` have to come from one or the other.

    Notes
    -----
    Whatever the configuration says, a job is one worker process that does one thing at a time, and has its machine
    for itself where the batch system has an option for that.
    """
    directives = list(dask.config.get(f"jobqueue.{kind}.job-extra-directives", None) or ())
    arguments = list(dask.config.get(f"jobqueue.{kind}.worker-extra-args", None) or ())
    alone = [directive for directive in _ALONE[kind] if directive not in directives]
    return _CLUSTERS[kind](
        processes=1,
        job_extra_directives=[*directives, *alone],
        worker_extra_args=[*arguments, "--nthreads", "1"],
        **options,
    )


@contextmanager
def open_queue(kind: str, jobs: int) -> Iterator[JobQueueCluster]:
    """Submit `jobs` jobs, one worker each; those that end are submitted anew, and all are cancelled in the end.

    Raises
    ------
    TuningError
        If the configuration does not say what a job is.
    """
    missing = [name for name in ("cores", "memory") if dask.config.get(f"jobqueue.{kind}.{name}", None) is None]
    if missing:
        raise TuningError(
            f"{kind}:{jobs} cannot be used: Dask's configuration does not say what a job is.",
            rule=f"needed in ~/.config/dask/jobqueue.yaml, under jobqueue: {kind}: {', '.join(missing)}",
        )
    with make_queue(kind) as cluster:
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        yield cluster
