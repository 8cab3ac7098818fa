"""What may follow a layer's reduction while the result is in registers: bias, residual, activation."""

from __future__ import annotations

from math import isfinite

from tensorlang.dtypes import DType
from tensorlang.errors import LanguageError
from tensorlang.nn.workloads.operation import Operation

ACTIVATIONS = ("sigmoid", "gelu", "gelu_tanh")
"""Activations by name. GELU is the exact one, by the error function; ``gelu_tanh`` is its approximation by tanh."""

_FLOAT_BITS = 53
"""Integers of so many bits are floats too [bit]."""


class FusedOperation(Operation):
    """An operation whose reduction is followed by ``act(sum + bias + residual)``, each part if its field asks for it.

    ``bias`` adds a constant per output channel, and ``residual`` an input of the output's shape. The activation is one
    of: ``relu``, ``max(x, 0)``; ``clip=(low, high)``, ``min(max(x, low), high)``; and those that ``activation`` names,
    see `ACTIVATIONS`.
    """

    optional = frozenset({"clip", "residual", "activation"})

    bias: bool
    relu: bool
    clip: tuple[float, float] | None
    residual: bool
    activation: str | None

    @property
    def epilogue(self) -> str:
        """What follows the reduction: ``"none"``, or names in order, as in ``"bias+residual+clip"``."""
        names = [name for name in ("bias", "residual", "relu", "clip") if getattr(self, name)]
        return "+".join([*names, *([self.activation] if self.activation else [])]) or "none"

    @property
    def is_activated(self) -> bool:
        """True if there is an activation."""
        return bool(self.relu or self.clip or self.activation)


def check_epilogue(workload: FusedOperation, element: DType) -> None:
    """Raise LanguageError unless there is at most one activation, one that results of type `element` may have."""
    if workload.clip is not None:
        _check_clip(workload, is_integer=element.is_integer)
    if workload.activation is not None:
        _check_activation(workload, element)


def _check_activation(workload: FusedOperation, element: DType) -> None:
    kind, name = type(workload).__name__, workload.activation
    if name not in ACTIVATIONS:
        raise LanguageError(
            f"{kind}: there is no activation {name!r}.",
            legal=" | ".join(ACTIVATIONS),
            hint="relu=True or clip=(low, high)",
        )
    if not element.is_float:
        raise LanguageError(f"{kind}: {name} is for floats, but got dtype {element}.")
    if workload.relu or workload.clip:
        other = "relu=True" if workload.relu else f"clip={workload.clip!r}"
        raise LanguageError(f"{kind}: a layer has one activation, but got {other} and activation={name!r}.")


def _check_clip(workload: FusedOperation, is_integer: bool) -> None:
    kind, clip = type(workload).__name__, workload.clip
    numbers = "integers" if is_integer else "finite numbers"
    if not isinstance(clip, tuple) or len(clip) != 2 or not all(_is_bound(bound, is_integer) for bound in clip):
        raise LanguageError(f"{kind}: clip must be a pair of {numbers} or None, but got {clip!r}.")
    low, high = clip
    if low > high:
        raise LanguageError(f"{kind}: low <= high must hold for clip=(low, high), but got {clip!r}.")
    if workload.relu:
        raise LanguageError(
            f"{kind}: a layer has one activation, but got relu=True and clip={clip!r}.",
            hint=f"relu=False, clip={(max(low, 0), max(high, 0))!r}",
        )
    # (0, 6) and (0.0, 6.0) are one workload and have one text.
    object.__setattr__(workload, "clip", (float(low), float(high)))


def _is_bound(bound: object, is_integer: bool) -> bool:
    if type(bound) is float:
        return isfinite(bound) and not (is_integer and bound % 1)
    return type(bound) is int and bound.bit_length() <= _FLOAT_BITS
