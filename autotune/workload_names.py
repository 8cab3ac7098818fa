"""Workloads as users of the command name them: a layer of a network, or JSON."""

from __future__ import annotations

from autotune.networks import find_network, network_names
from tensorlang.errors import DatabaseError
from tensorlang.nn import Workload, workload_from_json


def parse_workload(text: str) -> Workload:
    """Return the workload of ``NETWORK:LAYER`` or of a JSON object.

    Raises
    ------
    DatabaseError
        If it is neither.
    TuningError
        If there is no such network or layer.
    """
    if text.lstrip().startswith("{"):
        return workload_from_json(text)
    network, colon, layer = text.partition(":")
    if not colon:
        raise DatabaseError(
            f"{text!r} names no workload.",
            legal="NETWORK:LAYER | JSON",
            hint=f"for example {network_names()[0]}:{find_network(network_names()[0]).layers[0].name}",
        )
    return find_network(network).select((layer,)).layers[0].workload
