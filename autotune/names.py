"""Names that the command checks before it imports anything heavy."""

from __future__ import annotations

NETWORKS = (
    "alexnet",
    "googlenet",
    "mobilenet_v1",
    "mobilenet_v2",
    "resnet18",
    "resnet50",
    "squeezenet1_1",
    "vgg16",
)
"""Networks that `autotune.networks.find_network` knows."""
ALL_LAYERS = "all"
"""Stands for every layer of a network."""
