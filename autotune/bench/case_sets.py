"""The sets of cases that a comparison knows by name, beside the networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from autotune.bench.case import Case
from autotune.names import ALL_LAYERS, CASE_SETS, NETWORKS
from autotune.networks import Network, NetworkLayer, find_network
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, Workload

_SQUARES = (128, 256, 512, 1024, 2048, 4096)

# Rows, columns, terms: layers of transformers, then a long sum of few results and a short one of many.
_OBLONGS = (
    (128, 768, 768),
    (128, 3072, 768),
    (128, 768, 3072),
    (384, 1024, 4096),
    (64, 64, 8192),
    (8192, 64, 64),
)

# Outputs, inputs: the largest of VGG-16, and that of ResNet-50.
_FULLY_CONNECTED = ((4096, 25088), (1000, 2048))

_MOBILE = ("mobilenet_v1", "mobilenet_v2")

# As in apps/conv_layer of Halide: the image is larger than the output by what the filter reaches over its edges.
_HALIDE_CONV_LAYER = Conv2d(n=5, h=82, w=102, c=128, k=128, r=3, s=3)


def _gemm(batch: int) -> Iterator[NetworkLayer]:
    """Products of two matrices that are both arguments, as BLAS has them."""
    for m, n, k in (*((size,) * 3 for size in _SQUARES), *_OBLONGS):
        yield NetworkLayer(f"{m}x{n}x{k}", Gemm(m, n, k, bias=False, constant_b=False), 1)


def _gemv(batch: int) -> Iterator[NetworkLayer]:
    """Fully connected layers at batch 1: each weight is read once."""
    for n, k in _FULLY_CONNECTED:
        yield NetworkLayer(f"{n}x{k}", Gemm(1, n, k, bias=False), 1)


def _conv(batch: int) -> Iterator[NetworkLayer]:
    """The dense convolutions of ResNet-50 and VGG-16."""
    return _layers_of(("resnet50", "vgg16"), batch, lambda workload: isinstance(workload, Conv2d))


def _depthwise(batch: int) -> Iterator[NetworkLayer]:
    """The depthwise convolutions of MobileNet v1 and v2."""
    return _layers_of(_MOBILE, batch, lambda workload: isinstance(workload, DepthwiseConv2d))


def _pointwise(batch: int) -> Iterator[NetworkLayer]:
    """The convolutions by filters of one point of MobileNet v1 and v2."""
    return _layers_of(_MOBILE, batch, lambda workload: isinstance(workload, Conv2d) and workload.r * workload.s == 1)


def _halide_conv(batch: int) -> Iterator[NetworkLayer]:
    """The convolution that Halide's authors have scheduled by hand."""
    yield NetworkLayer("conv_layer", _HALIDE_CONV_LAYER, 1)


def _resnet50_batch8(batch: int) -> Iterator[NetworkLayer]:
    """All layers of ResNet-50 for eight images at a time."""
    return iter(find_network("resnet50", 8).layers)


def _layers_of(networks: Sequence[str], batch: int, is_wanted: Callable[[Workload], bool]) -> Iterator[NetworkLayer]:
    """The layers that are wanted, as ``network:layer``; one that several networks have is the first one's."""
    seen: set[Workload] = set()
    for name in networks:
        for layer in find_network(name, batch).layers:
            if is_wanted(layer.workload) and layer.workload not in seen:
                seen.add(layer.workload)
                yield NetworkLayer(f"{name}:{layer.name}", layer.workload, layer.count)


_MAKERS: Mapping[str, Callable[[int], Iterator[NetworkLayer]]] = MappingProxyType(
    dict(zip(CASE_SETS, (_gemm, _gemv, _conv, _depthwise, _pointwise, _halide_conv, _resnet50_batch8), strict=True))
)
_OF_ANY_BATCH = ("conv", "depthwise", "pointwise", *NETWORKS)


def find_case_set(name: str, batch: int = 1) -> Network:
    """Return the layers of the set called `name`, which may be a network, for `batch` images at a time.

    Raises
    ------
    TuningError
        If there is none, lists the known ones; or if the sizes of the set are given, and `batch` is not 1.
    """
    if name not in _MAKERS and name not in NETWORKS:
        raise TuningError(f"there is no case set {name!r}.", legal=" | ".join((*CASE_SETS, *NETWORKS)))
    if batch != 1 and name not in _OF_ANY_BATCH:
        raise TuningError(
            f"the sizes of {name} are given: it cannot be for {batch} images.", legal=" | ".join(_OF_ANY_BATCH)
        )
    return Network(name, tuple(_MAKERS[name](batch))) if name in _MAKERS else find_network(name, batch)


def choose_layers(sets: Sequence[Network], names: Sequence[str]) -> list[Network]:
    """Return the sets with the named layers alone, without those that are left with none.

    Parameters
    ----------
    sets : sequence of Network
        From `find_case_set`.
    names : sequence of str
        A name may occur in several sets. All layers for ``("all",)``, and without names too, but of networks only the
        convolutions then: that is what the peers' figures are known for.

    Raises
    ------
    TuningError
        If no set has a layer of such a name.
    """
    if not names:
        return [_known_for(chosen) for chosen in sets]
    if tuple(names) == (ALL_LAYERS,):
        return list(sets)
    for name in names:
        if not any(name in _names(chosen) for chosen in sets):
            raise TuningError(
                f"{' and '.join(s.name for s in sets)} {'has' if len(sets) == 1 else 'have'} no layer {name!r}.",
                legal=" | ".join(dict.fromkeys(known for chosen in sets for known in _names(chosen))),
            )
    wanted = {chosen.name: [name for name in names if name in _names(chosen)] for chosen in sets}
    return [chosen.select(wanted[chosen.name]) for chosen in sets if wanted[chosen.name]]


def make_cases(chosen: Network, options: str) -> list[Case]:
    """Return the layers of a set as cases; `options` belong to the command that measures each of them alone."""
    command = f"autotune bench {chosen.name} {options} --layers"
    return [Case(layer.name, layer.workload, f"{command} {layer.name}", chosen.name) for layer in chosen.layers]


def _known_for(chosen: Network) -> Network:
    if chosen.name not in NETWORKS or not chosen.convolutions:
        return chosen
    return chosen.select([layer.name for layer in chosen.convolutions])


def _names(chosen: Network) -> list[str]:
    return [layer.name for layer in chosen.layers]
