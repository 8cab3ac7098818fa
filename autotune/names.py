"""Names that the command checks before it imports anything heavy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
CASE_SETS: Mapping[str, str] = MappingProxyType(
    {
        "gemm": "products of two matrices that are both arguments, as in BLAS",
        "gemv": "fully connected layers at batch 1, the weights prepared beforehand",
        "conv": "the dense convolutions of ResNet-50 and VGG-16",
        "depthwise": "the depthwise convolutions of MobileNet v1 and v2",
        "pointwise": "the 1x1 convolutions of MobileNet v1 and v2",
        "halide-conv": "the convolution of Halide's apps/conv_layer",
        "resnet50-batch8": "all layers of ResNet-50 for 8 images at a time",
    }
)
"""What `autotune bench` compares beside the layers of networks, and by default, in a few words."""
SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "tpe": "Optuna's tree-structured Parzen estimator, multivariate",
        "gp": "expected improvement under a Gaussian process",
        "evolution": "the fastest points so far, changed a little",
        "random": "any point, with equal probability",
    }
)
"""What proposes points to measure, and how."""
ALL_LAYERS = "all"
"""Stands for every layer of a network."""
