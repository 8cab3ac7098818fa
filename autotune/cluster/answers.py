"""Fetches what a Dask job returned, or says why it cannot be had; never waits for long."""

from __future__ import annotations

import asyncio
import concurrent.futures
from dataclasses import dataclass
from typing import Any

from distributed import Future
from distributed.scheduler import KilledWorker

_FETCH_S = 10.0


@dataclass(frozen=True)
class Lost:
    """A job that brought no answer, and why."""

    detail: str


def fetch(future: Future) -> Any:
    """Return what a job that is done returned, or `Lost`.

    A result lies on its worker until it is fetched. If the worker dies first, Dask makes the job pending again, and for
    ever so if it was meant for that worker alone.
    """
    try:
        if future.status == "error":
            raised = future.exception(timeout=_FETCH_S)
            return Lost(f"{type(raised).__name__}: {raised}")
        return future.result(timeout=_FETCH_S)
    except TimeoutError:
        return Lost("the worker was lost with its result")
    except (OSError, RuntimeError, KilledWorker, asyncio.CancelledError, concurrent.futures.CancelledError) as reason:
        return Lost(f"{type(reason).__name__}: {reason}")
