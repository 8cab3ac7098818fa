"""A network as tuning sees it: its distinct layers and how often each occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autotune.names import ALL_LAYERS
from tensorlang.errors import TuningError
from tensorlang.nn.workload import Conv2d, DepthwiseConv2d, Gemm, LayerNorm, Pool2d, Softmax, Workload

_MOST_NAMED = 3


@dataclass(frozen=True)
class NetworkLayer:
    """A distinct layer: its name in the network, its workload, and how many times it occurs."""

    name: str
    workload: Workload
    count: int

    @property
    def is_convolution(self) -> bool:
        """True for convolutions, dense, grouped and depthwise."""
        return isinstance(self.workload, Conv2d | DepthwiseConv2d)


@dataclass(frozen=True)
class Network:
    """A network's distinct layers, in the order in which they first occur.

    Parameters
    ----------
    name : str
    layers : tuple of NetworkLayer
        Names are unique, and so are workloads: equal layers are one entry with a larger `count`.
    is_normalised : bool
        True if batch normalisation follows every convolution; weights and biases have absorbed it.

    Raises
    ------
    TuningError
        If a name or a workload appears twice, or a count is below 1.
    """

    name: str
    layers: tuple[NetworkLayer, ...]
    is_normalised: bool = True

    def __post_init__(self) -> None:
        for what, values in (("name", [x.name for x in self.layers]), ("workload", [x.workload for x in self.layers])):
            repeated = [value for value, times in Counter[object](values).items() if times > 1]
            if repeated:
                raise TuningError(f"Network {self.name}: the {what} {repeated[0]} appears more than once.")
        for layer in self.layers:
            if layer.count < 1:
                raise TuningError(
                    f"Network {self.name}: layer {layer.name} must occur at least once, not {layer.count} times."
                )

    @property
    def convolutions(self) -> tuple[NetworkLayer, ...]:
        """The distinct layers that are convolutions."""
        return tuple(layer for layer in self.layers if layer.is_convolution)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one pass, every layer as often as it occurs."""
        return sum(layer.count * layer.workload.macs for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Trained parameters: weights, biases, and of a batch normalisation a scale and a shift per channel."""
        return sum(layer.count * _parameters(layer.workload, self.is_normalised) for layer in self.layers)

    def select(self, names: Sequence[str]) -> Network:
        """Return the network of the named layers alone; all of them if `names` is empty or ``("all",)``.

        Raises
        ------
        TuningError
            If there is no layer of such a name; lists the known ones.
        """
        if tuple(names) in ((), (ALL_LAYERS,)):
            return self
        known = {layer.name: layer for layer in self.layers}
        for name in names:
            if name not in known:
                raise TuningError(f"{self.name} has no layer {name!r}.", legal=" | ".join(known))
        return replace(self, layers=tuple(known[name] for name in dict.fromkeys(names)))


def describe_layers(layers: Sequence[NetworkLayer]) -> str:
    """Say what the numbers count: ``"24 distinct layers, 54 in all: 23 distinct convolutions, 53 in all, and fc"``."""
    convolutions = [layer for layer in layers if layer.is_convolution]
    others = [layer.name for layer in layers if layer not in convolutions]
    text = _count(layers, "layer")
    if not convolutions or not others:
        return text
    names = ", ".join(others) if len(others) <= _MOST_NAMED else f"{len(others)} other layers"
    return f"{text}: {_count(convolutions, 'convolution')}, and {names}"


def _count(layers: Sequence[NetworkLayer], noun: str) -> str:
    occurrences = sum(layer.count for layer in layers)
    return f"{len(layers)} distinct {noun}{'s' * (len(layers) != 1)}, {occurrences} in all"


def _parameters(workload: Workload, is_normalised: bool) -> int:
    match workload:
        case Conv2d():
            per_channel = 2 if is_normalised else workload.bias
            return (workload.r * workload.s * workload.c // workload.groups + per_channel) * workload.k
        case DepthwiseConv2d():
            per_channel = 2 if is_normalised else workload.bias
            return (workload.r * workload.s + per_channel) * workload.k
        case Gemm():
            return (workload.k + workload.bias) * workload.n
        case LayerNorm():
            return 2 * workload.n
        case Pool2d() | Softmax():
            return 0
