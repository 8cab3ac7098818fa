"""OpenVINO's CPU plugin, which computes with oneDNN, as an implementation: one-layer models, in the faster layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import openvino

from autotune.bench.case import Array, empty_aligned, make_arrays
from autotune.bench.peers.onnx_model import build_onnx_layer
from autotune.bench.peers.variants import Variant, keep_fastest
from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.nn import Workload, workload_from_data

_VERSION = f"OpenVINO {openvino.__version__.partition('-')[0]}"


class OpenVino:
    """The CPU plugin with `threads` threads in one stream, each bound to a CPU, in float32 throughout."""

    def __init__(self, threads: int) -> None:
        self._core = openvino.Core()
        self._options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": threads > 1,
        }

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Compile the layer, for images once per layout of the input and the output, and keep the faster one.

        The plugin reorders weights as it compiles. Around a convolution of NCHW tensors it reorders those too, in each
        call; those that are NHWC it takes as they are.
        """
        arrays = make_arrays(workload)
        layer = build_onnx_layer(workload, arrays)
        model = self._core.read_model(layer.model)
        plain = self._bind(model, layer.inputs)
        if not layer.is_image:
            return keep_fastest([Variant(plain.kernels, plain.call, lambda: plain.y)], _VERSION)
        inputs = {name: arrays[name] for name in layer.inputs}
        images = self._bind(_with_nhwc_tensors(model.clone(), tuple(inputs)), inputs)
        variants = [
            Variant(f"NCHW tensors, {plain.kernels}", plain.call, lambda: layer.to_our_layout(plain.y)),
            Variant(f"NHWC tensors, {images.kernels}", images.call, lambda: images.y),
        ]
        return keep_fastest(variants, _VERSION)

    def facts(self) -> Facts:
        """Nothing that belongs to no layer."""
        return {}

    def _bind(self, model: openvino.Model, inputs: Mapping[str, Array]) -> _Request:
        return _Request(self._core.compile_model(model, "CPU", self._options), inputs)


class _Request:
    """A compiled model with its inputs and output bound, so that a call copies and allocates nothing."""

    def __init__(self, compiled: openvino.CompiledModel, inputs: Mapping[str, Array]) -> None:
        self.kernels = " + ".join(_kernels(compiled))
        self.y = empty_aligned(tuple(compiled.output().shape))
        self._inputs = dict(inputs)  # a Tensor of shared memory does not keep the array
        self._request = compiled.create_infer_request()
        for name, value in self._inputs.items():
            self._request.set_tensor(name, openvino.Tensor(value, shared_memory=True))
        self._request.set_output_tensor(openvino.Tensor(self.y, shared_memory=True))

    def call(self) -> None:
        """Compute the layer once, into `y`."""
        self._request.infer(share_outputs=True, decode_strings=False)


def _with_nhwc_tensors(model: openvino.Model, inputs: Sequence[str]) -> openvino.Model:
    """The same model, taking and giving images with their channels innermost."""
    layouts = openvino.preprocess.PrePostProcessor(model)
    for side in (*map(layouts.input, inputs), layouts.output()):
        side.model().set_layout(openvino.Layout("NCHW"))
        side.tensor().set_layout(openvino.Layout("NHWC"))
    return layouts.build()


def _kernels(compiled: openvino.CompiledModel) -> list[str]:
    """Names of the kernels that the plugin chose for the layer itself."""
    found = []
    for node in compiled.get_runtime_model().get_ordered_ops():
        about = node.get_rt_info()
        if about["layerType"].value in ("Convolution", "FullyConnected", "MatMul"):
            found.append(str(about["primitiveType"].value))
    return found


if __name__ == "__main__":
    serve(OpenVino, workload_from_data)
