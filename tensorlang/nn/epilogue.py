"""What follows a layer's reduction: bias, residual and activation, as Funcs of their own."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt

from tensorlang.dtypes import parse_dtype
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import clamp, erf, exp, tanh
from tensorlang.lang.functions import max as elementwise_max
from tensorlang.lang.input import Input
from tensorlang.lang.var import Var
from tensorlang.nn.layer import Layer
from tensorlang.nn.workload import FusedWorkload

_GELU_CUBIC = 0.044715


def finish_layer(
    workload: FusedWorkload,
    shape: tuple[int, ...],
    indices: Sequence[Var],
    inputs: Sequence[Input],
    stages: Sequence[Func],
) -> Layer:
    """Append bias, residual and activation, as the workload asks, to the last of `stages`; the result is ``"out"``.

    The sum with the bias is called ``"biased"``, that with the residual ``"added"``, if more follows.

    Parameters
    ----------
    shape : tuple of int
        Shape of the output, and of the residual; the last dimension has the bias.
    indices : sequence of Var
        The Vars of the output, outermost first.
    inputs, stages : sequences
        Inputs and Funcs so far, in order.
    """
    at, dtype = tuple(indices), parse_dtype(workload.dtype)
    inputs, stages = list(inputs), list(stages)
    value: Expr = stages[-1][at]
    if workload.bias:
        inputs.append(Input("bias", shape[-1:], dtype, constant=True))
        value = value + inputs[-1][at[-1]]
        if workload.residual or workload.is_activated:
            value = _name_stage("biased", at, value, stages)
    if workload.residual:
        inputs.append(Input("residual", shape, dtype))
        value = value + inputs[-1][at]
        if workload.is_activated:
            value = _name_stage("added", at, value, stages)
    _name_stage("out", at, _activate(workload, value), stages)
    return Layer(workload, stages[-1], tuple(inputs), shape, {stage.name: stage for stage in stages})


def _name_stage(name: str, indices: tuple[Var, ...], value: Expr, stages: list[Func]) -> Expr:
    """Make `value` a Func, the last of `stages`, and return its value at `indices`."""
    func = Func(name)
    func[indices] = value
    stages.append(func)
    return func[indices]


def _activate(workload: FusedWorkload, value: Expr) -> Expr:
    if workload.relu:
        return elementwise_max(value, 0)
    if workload.clip:
        # A float literal would promote an integer; its bounds are whole.
        number = int if value.type.is_integer else float
        low, high = map(number, workload.clip)
        return clamp(value, low, high)
    match workload.activation:
        case "sigmoid":
            return 1.0 / (1.0 + exp(-value))
        case "gelu":
            return 0.5 * value * (1.0 + erf(value * sqrt(0.5)))
        case "gelu_tanh":
            return 0.5 * value * (1.0 + tanh(sqrt(2 / pi) * (value + _GELU_CUBIC * value * value * value)))
    return value
