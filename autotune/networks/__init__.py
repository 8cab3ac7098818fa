"""Networks known by name."""

from __future__ import annotations

from autotune.networks.network import Network, NetworkLayer, describe_layers, parameter_count
from autotune.networks.resnet50 import resnet50
from tensorlang.errors import TuningError

_NETWORKS = {"resnet50": resnet50}

__all__ = ["Network", "NetworkLayer", "describe_layers", "find_network", "network_names", "parameter_count"]


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
