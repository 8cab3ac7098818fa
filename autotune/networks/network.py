"""A network as tuning sees it: its distinct layers and how often each occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from autotune.names import ALL_LAYERS
from tensorlang.errors import TuningError
from tensorlang.nn.workload import Conv2d, Gemm, Workload

_MOST_NAMED = 3


@dataclass(frozen=True)
class NetworkLayer:
    """A distinct layer: its name in the network, its workload, and how many times it occurs."""

    name: str
    workload: Workload
    count: int


@dataclass(frozen=True)
class Network:
    """A network's distinct layers, in the order in which they first occur.

    Parameters
    ----------
    name : str
    layers : tuple of NetworkLayer
        Names are unique, and so are workloads: equal layers are one entry with a larger `count`.

    Raises
    ------
    TuningError
        If a name or a workload appears twice, or a count is below 1.
    """

    name: str
    layers: tuple[NetworkLayer, ...]

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
        return tuple(layer for layer in self.layers if isinstance(layer.workload, Conv2d))

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one pass, every layer as often as it occurs."""
        return sum(layer.count * layer.workload.macs for layer in self.layers)

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
        return Network(self.name, tuple(known[name] for name in dict.fromkeys(names)))


def describe_layers(layers: Sequence[NetworkLayer]) -> str:
    """Say what the numbers count: ``"24 distinct layers, 54 in all: 23 distinct convolutions, 53 in all, and fc"``."""
    convolutions = [layer for layer in layers if isinstance(layer.workload, Conv2d)]
    others = [layer.name for layer in layers if layer not in convolutions]
    text = _count(layers, "layer")
    if not convolutions or not others:
        return text
    names = ", ".join(others) if len(others) <= _MOST_NAMED else f"{len(others)} other layers"
    return f"{text}: {_count(convolutions, 'convolution')}, and {names}"


def _count(layers: Sequence[NetworkLayer], noun: str) -> str:
    occurrences = sum(layer.count for layer in layers)
    return f"{len(layers)} distinct {noun}{'s' * (len(layers) != 1)}, {occurrences} in all"


def parameter_count(layer: NetworkLayer) -> int:
    """Trained parameters of all occurrences of `layer`.

    A convolution counts its weights and two per output channel, the scale and shift of the batch normalisation that
    its bias has absorbed; a matrix product counts its weights and biases.

    Raises
    ------
    TuningError
        If the layer is neither.
    """
    work = layer.workload
    if isinstance(work, Conv2d):
        return layer.count * (work.r * work.s * work.c // work.groups + 2) * work.k
    if isinstance(work, Gemm):
        return layer.count * (work.k + work.bias) * work.n
    raise TuningError(f"Layer {layer.name}: parameters of {work.op} are not counted.")
