"""Opens the cluster that ``--cluster`` names: a scheduler's, workers on this machine, or jobs of a batch system."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from distributed import Client, LocalCluster

from autotune.cluster.address import LOCAL, ClusterAddress
from autotune.cluster.queues import open_queue
from tensorlang.errors import TuningError

_CONNECT_S = 20


@contextmanager
def open_client(address: ClusterAddress) -> Iterator[Client]:
    """Connect to the cluster; what was started for it ends with the context.

    Raises
    ------
    TuningError
        If no scheduler answers, or the batch system cannot be used as it is configured.
    """
    with ExitStack() as opened:
        if address.kind == LOCAL:
            scheduler = opened.enter_context(_local_cluster(address.count))
        elif address.kind:
            scheduler = opened.enter_context(open_queue(address.kind, address.count))
        else:
            scheduler = address.text
        yield opened.enter_context(_connect(scheduler, address.text))


def _local_cluster(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        memory_limit=0,  # the measuring child, which is the one that needs memory, has a limit of its own
        silence_logs=logging.CRITICAL,
    )


def _connect(scheduler: object, text: str) -> Client:
    try:
        return Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as reason:
        raise TuningError(
            f"No Dask scheduler answers at {text}.",
            hint="start one with `dask scheduler`, and on each machine `dask worker ADDRESS --nthreads 1`",
        ) from reason
