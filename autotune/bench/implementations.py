"""The implementations that a comparison knows: their names, and the module that each one's process runs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.metadata import distributions
from importlib.util import find_spec

from autotune.bench.peers.coverage import is_float32, is_halide_layer, is_plain_gemm, is_simple_layer
from tensorlang.errors import TuningError
from tensorlang.nn import Workload

OURS = "tensorlang"

_LIBRARIES = ("mkl",)  # distributions with libraries alone, no module of Python
_NOT_IN_EXTRA = frozenset({"torch"})  # hundreds of megabytes, of which little is for the CPU


def _everything(workload: Workload) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Implementation:
    """Something that computes layers, in a process of its own.

    Attributes
    ----------
    name : str
        As it is reported.
    schedule : str or None
        ``"default"``, ``"tuned"`` or ``"again"``; None for other people's libraries, which choose for themselves.
    module : str
        Module that its process runs; it calls `serve`.
    needs : tuple of str
        Distributions that must be importable.
    computes : callable
        Whether it computes a workload at all.
    """

    name: str
    schedule: str | None
    module: str
    needs: tuple[str, ...] = ()
    computes: Callable[[Workload], bool] = _everything

    @property
    def label(self) -> str:
        """Name and schedule: ``"tensorlang tuned"``."""
        return self.name if self.schedule is None else f"{self.name} {self.schedule}"


DEFAULT = Implementation(OURS, "default", "autotune.bench.tensorlang_process")
AGAIN = Implementation(OURS, "again", "autotune.bench.tensorlang_process")
"""The default once more, in a second process: whatever is found between the two is noise."""
TUNED = Implementation(OURS, "tuned", "autotune.bench.tensorlang_process")
PEERS = (
    Implementation(
        "onnxruntime", None, "autotune.bench.peers.onnxruntime_process", ("onnx", "onnxruntime"), is_float32
    ),
    Implementation("mkl", None, "autotune.bench.peers.mkl_process", ("mkl",), is_plain_gemm),
    Implementation("openblas", None, "autotune.bench.peers.openblas_process", (), is_plain_gemm),
    Implementation("openvino", None, "autotune.bench.peers.openvino_process", ("onnx", "openvino"), is_float32),
    Implementation("halide", None, "autotune.bench.peers.halide_process", ("halide",), is_halide_layer),
    Implementation("pytorch", None, "autotune.bench.peers.pytorch_process", ("torch",), is_simple_layer),
)


def find_missing(implementation: Implementation) -> list[str]:
    """Return what `implementation` needs and is not installed."""
    return [name for name in implementation.needs if not _is_installed(name)]


def install_hint(missing: Collection[str]) -> str:
    """Return the command that installs what `find_missing` found."""
    alone = [name for name in missing if name in _NOT_IN_EXTRA]
    extra = ["'tensorlang[bench]'"] if set(missing) > set(alone) else []
    return f"pip install {' '.join([*extra, *alone])}"


def require_installed(implementations: tuple[Implementation, ...]) -> None:
    """Check that every implementation can start.

    Raises
    ------
    TuningError
        If a package that one of them needs is not installed.
    """
    for implementation in implementations:
        missing = find_missing(implementation)
        if missing:
            raise TuningError(
                f"{implementation.name} cannot be measured: {' and '.join(missing)} not installed.",
                hint=install_hint(missing),
            )


def _is_installed(name: str) -> bool:
    return bool(list(distributions(name=name))) if name in _LIBRARIES else find_spec(name) is not None
