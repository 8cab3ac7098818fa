"""Options and arguments that several commands share; checking them imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

import click

from autotune.cluster.address import FORMS, ClusterAddress, parse_cluster
from autotune.duration import parse_duration
from autotune.names import ALL_LAYERS, CASE_SETS, NETWORKS, SAMPLERS

_Function = TypeVar("_Function", bound=Callable[..., Any])


class NetworkName(click.ParamType[str]):
    """The name of a known network."""

    name = "network"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in NETWORKS:
            self.fail(f"there is no network {value!r}. Known: {', '.join(NETWORKS)}.", param, ctx)
        return str(value)


class CaseSetName(click.ParamType[str]):
    """The name of a set of cases to compare; networks are some."""

    name = "case set"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in CASE_SETS and value not in NETWORKS:
            self.fail(f"there is no case set {value!r}. Known: {', '.join((*CASE_SETS, *NETWORKS))}.", param, ctx)
        return str(value)


class Cluster(click.ParamType[ClusterAddress]):
    """Where the workers of a Dask cluster are."""

    name = "cluster"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ClusterAddress:
        address = value if isinstance(value, ClusterAddress) else parse_cluster(str(value))
        if address is None:
            self.fail(f"{value!r} is no cluster. Give {FORMS}.", param, ctx)
        return address


class Duration(click.ParamType[float]):
    """A duration such as 90s, 10m or 1h30m [s]."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        seconds = parse_duration(str(value))
        if seconds is None:
            self.fail(f"{value!r} is not a duration above zero. Give it as 90s, 10m or 1h30m.", param, ctx)
        return seconds


class Names(click.ParamType[tuple[str, ...]]):
    """One or more names separated by commas."""

    name = "names"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(name for name in str(value).replace(" ", "").split(",") if name)
        if not names:
            self.fail(f"{value!r} names nothing. Give one name or more, as in a,b.", param, ctx)
        return names


class SamplerNames(Names):
    """One or more samplers separated by commas."""

    name = "samplers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = super().convert(value, param, ctx)
        for name in names:
            if name not in SAMPLERS:
                self.fail(f"there is no sampler {name!r}. Known: {', '.join(SAMPLERS)}.", param, ctx)
        return names


class Counts(click.ParamType[tuple[int, ...]]):
    """Positive integers separated by commas."""

    name = "counts"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        names = [name.strip() for name in str(value).split(",")]
        if not all(name.isdecimal() and int(name) > 0 for name in names):
            self.fail(f"{value!r} is not a list of numbers >= 1, as in 1,2", param, ctx)
        return tuple(dict.fromkeys(map(int, names)))


def _flatten(ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(chain.from_iterable(value)))
    return (ALL_LAYERS,) if ALL_LAYERS in names else names


network_argument = click.argument("network", type=NetworkName(), metavar="NETWORK")
threads_option = click.option(
    "--threads", type=click.IntRange(min=1), help="Threads that kernels run with; by default all cores."
)
batch_option = click.option(
    "--batch", type=click.IntRange(min=1), default=1, show_default=True, help="Images at a time."
)
layers_option = click.option(
    "--layers",
    "--layer",
    type=Names(),
    multiple=True,
    callback=_flatten,
    help="Only these layers, as in a,b; may be repeated. By default, and for 'all', every one.",
)
bench_layers_option = click.option(
    "--layers",
    "--layer",
    type=Names(),
    multiple=True,
    callback=_flatten,
    help="Only these layers, as in a,b; may be repeated; 'all' for all. By default the convolutions of a network.",
)


def rounds_option(default: int, text: str) -> Callable[[_Function], _Function]:
    """``--rounds``, which means something else to every benchmark."""
    return click.option("--rounds", type=click.IntRange(min=1), default=default, show_default=True, help=text)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object to stdout; the text for people goes to stderr."
)
