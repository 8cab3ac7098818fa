"""ONNX Runtime as an implementation: one-layer models, at whichever optimisation level runs the layer faster."""

from __future__ import annotations

import numpy as np
import onnxruntime

from autotune.bench.case import make_arrays
from autotune.bench.onnx_model import OnnxLayer, build_onnx_layer
from autotune.bench.rounds import run_rounds
from autotune.bench.serve import Facts, OpenLayer, serve
from autotune.bench.turn import take_turn
from tensorlang.nn import Workload, workload_from_data

# ALL turns NCHW into blocked NCHWc and back around the only layer of the model, which inside a network happens at its
# ends only; EXTENDED fuses the activation just as well and stays in NCHW. The layer's figure is that of the better one.
_LEVELS = {
    "ALL": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "EXTENDED": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
}
_PROBE_ROUNDS = 3
_LOG_ERRORS = 3


class OnnxRuntime:
    """ONNX Runtime's CPU provider with `threads` threads, spinning between calls as by default."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Make one session per optimisation level, let them take turns for a few rounds, and keep the faster one."""
        layer = build_onnx_layer(workload, make_arrays(workload))
        sessions = [_BoundSession(layer, level, self._threads) for level in _LEVELS]
        least_s = [min(samples) for samples in run_rounds(sessions, _PROBE_ROUNDS)]
        best = sessions[least_s.index(min(least_s))]
        probed = ", ".join(f"{s.level} {1e3 * time_s:.3g} ms" for s, time_s in zip(sessions, least_s, strict=True))
        detail = f"optimisation level {best.level} (probed: {probed})"
        return OpenLayer(best.call, lambda: layer.to_our_layout(best.y), detail)

    def facts(self) -> Facts:
        """Nothing that belongs to no layer."""
        return {}


class _BoundSession:
    """A session with its input and output bound, so that a call copies and allocates nothing."""

    def __init__(self, layer: OnnxLayer, level: str, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = _LEVELS[level]
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS
        self.level = level
        self.y = np.empty(layer.output_shape, np.float32)
        self._session = onnxruntime.InferenceSession(layer.model, options, providers=["CPUExecutionProvider"])
        self._binding = self._session.io_binding()
        self._binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(layer.x))
        self._binding.bind_output("y", "cpu", 0, np.float32, layer.output_shape, self.y.ctypes.data)

    def call(self) -> None:
        """Compute the layer once, into `y`."""
        self._session.run_with_iobinding(self._binding)

    def turn(self) -> float:
        """The least time of a call in one turn [s]."""
        return take_turn(self.call)


if __name__ == "__main__":
    serve(OnnxRuntime, workload_from_data)
