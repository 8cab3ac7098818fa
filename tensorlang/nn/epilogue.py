"""What follows a layer's reduction: bias and ReLU or clip, as Funcs of their own."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlang.dtypes import parse_dtype
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import clamp
from tensorlang.lang.functions import max as elementwise_max
from tensorlang.lang.input import Input
from tensorlang.lang.var import Var
from tensorlang.nn.layer import Layer
from tensorlang.nn.workload import Workload


def finish_layer(
    workload: Workload,
    shape: tuple[int, ...],
    indices: Sequence[Var],
    inputs: Sequence[Input],
    stages: Sequence[Func],
) -> Layer:
    """Append bias and activation, as the workload asks, to the last of `stages`, and name the result ``"out"``.

    Parameters
    ----------
    shape : tuple of int
        Shape of the output; the last dimension has the bias.
    indices : sequence of Var
        The Vars of the output, outermost first.
    inputs, stages : sequences
        Inputs and Funcs so far, in order.
    """
    channel = indices[-1]
    dtype = parse_dtype(workload.dtype)
    reduced = stages[-1]
    inputs, stages = list(inputs), list(stages)
    value: Expr = reduced[tuple(indices)]
    if workload.bias:
        bias = Input("bias", shape[-1:], dtype, constant=True)
        inputs.append(bias)
        value = value + bias[channel]
        if workload.relu or workload.clip:
            biased = Func("biased")
            biased[tuple(indices)] = value
            stages.append(biased)
            value = biased[tuple(indices)]
    out = Func("out")
    out[tuple(indices)] = _activate(workload, value)
    stages.append(out)
    return Layer(workload, out, tuple(inputs), shape, {stage.name: stage for stage in stages})


def _activate(workload: Workload, value: Expr) -> Expr:
    if workload.relu:
        return elementwise_max(value, 0)
    if workload.clip:
        # A float literal would promote an integer; its bounds are whole.
        number = int if value.type.is_integer else float
        low, high = map(number, workload.clip)
        return clamp(value, low, high)
    return value
