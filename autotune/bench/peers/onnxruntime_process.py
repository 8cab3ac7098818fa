"""ONNX Runtime as an implementation: one-layer models, at whichever optimisation level runs the layer faster."""

from __future__ import annotations

import os

import numpy as np
import onnxruntime

from autotune.bench.case import empty_aligned, make_arrays
from autotune.bench.peers.onnx_model import OnnxLayer, build_onnx_layer
from autotune.bench.peers.variants import Variant, keep_fastest
from autotune.bench.placement import own_cpus
from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.nn import Workload, workload_from_data

# ALL turns NCHW into blocked NCHWc and back around the only layer of the model, which inside a network happens at its
# ends only; EXTENDED fuses the activation just as well and stays in NCHW. The layer's figure is that of the better one.
_LEVELS = {
    "ALL": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "EXTENDED": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
}
_LOG_ERRORS = 3


class OnnxRuntime:
    """ONNX Runtime's CPU provider with `threads` threads, spinning between calls as by default."""

    def __init__(self, threads: int) -> None:
        self._cpus = own_cpus()[:threads]
        self._threads = threads

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Make one session per optimisation level, and keep the faster one."""
        layer = build_onnx_layer(workload, make_arrays(workload))
        variants = [_bind(layer, level, self._threads, self._cpus) for level in _LEVELS]
        if self._cpus:
            os.sched_setaffinity(0, self._cpus[:1])  # of this thread, which computes too
        return keep_fastest(variants, f"ONNX Runtime {onnxruntime.__version__}")

    def facts(self) -> Facts:
        """Nothing that belongs to no layer."""
        return {}


def _bind(layer: OnnxLayer, level: str, threads: int, cpus: tuple[int, ...]) -> Variant:
    """A session, each thread on one of `cpus`; its inputs and output are bound: a call copies and allocates nothing."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = _LEVELS[level]
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_ERRORS
    if len(cpus) == threads > 1:  # the library counts CPUs from 1
        options.add_session_config_entry(
            "session.intra_op_thread_affinities", ";".join(f"{cpu + 1}" for cpu in cpus[1:])
        )
    session = onnxruntime.InferenceSession(layer.model, options, providers=["CPUExecutionProvider"])
    y = empty_aligned(layer.output_shape)
    binding = session.io_binding()
    for name, value in layer.inputs.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
    binding.bind_output("y", "cpu", 0, np.float32, layer.output_shape, y.ctypes.data)
    return Variant(
        f"optimisation level {level}", lambda: session.run_with_iobinding(binding), lambda: layer.to_our_layout(y)
    )


if __name__ == "__main__":
    serve(OnnxRuntime, workload_from_data)
