"""The layers of several networks as one list: each workload once, those that are used most first."""

from __future__ import annotations

from collections.abc import Sequence

from autotune.networks import Network, NetworkLayer


def distinct_layers(networks: Sequence[Network]) -> tuple[NetworkLayer, ...]:
    """Return each workload of the networks once, by how often it occurs in all of them, then by how much work that is.

    A layer is named after the first network that has it, as in ``resnet50:conv1``; its count is over all networks.
    """
    names: dict[object, str] = {}
    counts: dict[object, int] = {}
    layers: dict[object, NetworkLayer] = {}
    for network in networks:
        for layer in network.layers:
            names.setdefault(layer.workload, f"{network.name}:{layer.name}")
            layers.setdefault(layer.workload, layer)
            counts[layer.workload] = counts.get(layer.workload, 0) + layer.count
    found = [NetworkLayer(names[key], layer.workload, counts[key]) for key, layer in layers.items()]
    return tuple(sorted(found, key=lambda layer: (-layer.count, -layer.count * layer.workload.macs)))
