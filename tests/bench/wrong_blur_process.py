"""A blur that computes zeros."""

from __future__ import annotations

import numpy as np

from autotune.bench.blur.case import BlurCase
from autotune.bench.serve import Facts, OpenLayer, serve


class WrongBlur:
    """Ready at once."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def open(self, workload: BlurCase, schedule: str | None) -> OpenLayer:
        """An image of zeros."""
        out = np.zeros((workload.height - 2, workload.width - 2), np.uint16)
        return OpenLayer(lambda: None, lambda: out, "{}")

    def facts(self) -> Facts:
        """None."""
        return {}


if __name__ == "__main__":
    serve(WrongBlur, BlurCase.from_data)
