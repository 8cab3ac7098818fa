"""Networks known by name."""

from __future__ import annotations

from autotune.networks.alexnet import alexnet
from autotune.networks.googlenet import googlenet
from autotune.networks.mobilenet_v1 import mobilenet_v1
from autotune.networks.mobilenet_v2 import mobilenet_v2
from autotune.networks.network import Network, NetworkLayer, describe_layers
from autotune.networks.resnet18 import resnet18
from autotune.networks.resnet50 import resnet50
from autotune.networks.squeezenet1_1 import squeezenet1_1
from autotune.networks.vgg16 import vgg16
from tensorlang.errors import TuningError

_MAKERS = (alexnet, googlenet, mobilenet_v1, mobilenet_v2, resnet18, resnet50, squeezenet1_1, vgg16)
_NETWORKS = {make.__name__: make for make in _MAKERS}

__all__ = ["Network", "NetworkLayer", "describe_layers", "find_network", "network_names"]


def network_names() -> tuple[str, ...]:
    """Names that `find_network` knows."""
    return tuple(sorted(_NETWORKS))


def find_network(name: str, batch: int = 1) -> Network:
    """Return the network called `name`, for `batch` images at a time.

    Raises
    ------
    TuningError
        If there is none; lists the known ones.
    """
    if name not in _NETWORKS:
        raise TuningError(f"There is no network {name!r}.", legal=" | ".join(network_names()))
    return _NETWORKS[name](batch)
