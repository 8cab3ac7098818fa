"""Names that the command checks before it imports anything heavy."""

from __future__ import annotations

NETWORKS = ("resnet50",)
"""Networks that `autotune.networks.find_network` knows."""
ALL_LAYERS = "all"
"""Stands for every layer of a network."""
