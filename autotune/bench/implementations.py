"""The implementations that a comparison knows: their names, and the module that each one's process runs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from tensorlang.errors import TuningError

OURS = "tensorlang"


@dataclass(frozen=True, slots=True)
class Implementation:
    """Something that computes layers, in a process of its own.

    Attributes
    ----------
    name : str
        As it is reported.
    schedule : str or None
        ``"default"`` or ``"tuned"``; None for other people's libraries, which choose for themselves.
    module : str
        Module that its process runs; it calls `serve`.
    needs : tuple of str
        Distributions that must be importable.
    """

    name: str
    schedule: str | None
    module: str
    needs: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and schedule: ``"tensorlang tuned"``."""
        return self.name if self.schedule is None else f"{self.name} {self.schedule}"


DEFAULT = Implementation(OURS, "default", "autotune.bench.tensorlang_process")
TUNED = Implementation(OURS, "tuned", "autotune.bench.tensorlang_process")
PEERS = (Implementation("onnxruntime", None, "autotune.bench.onnxruntime_process", ("onnx", "onnxruntime")),)


def require_installed(implementations: tuple[Implementation, ...]) -> None:
    """Check that every implementation can start.

    Raises
    ------
    TuningError
        If a package that one of them needs is not installed.
    """
    for implementation in implementations:
        missing = [name for name in implementation.needs if find_spec(name) is None]
        if missing:
            raise TuningError(
                f"{implementation.name} cannot be measured: {' and '.join(missing)} not installed.",
                hint="pip install 'tensorlang[bench]'",
            )
