"""Which Funcs and stages are computed together, and in what order these groups come."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tensorlang.ir.algorithm import Algorithm
from tensorlang.schedule.reads import reads_of

T = TypeVar("T", bound=Hashable)
Key = tuple[str, int]
"""A stage: its Func, and the number of its definition."""


@dataclass(frozen=True, slots=True)
class Order(Generic[T]):
    """Groups, each after those that it needs; `left` holds the members of groups that need each other or themselves."""

    groups: tuple[tuple[T, ...], ...]
    left: tuple[T, ...]


def groups_in_order(algorithm: Algorithm, pairs: Iterable[tuple[str, str]]) -> Order[str]:
    """The Funcs in groups, those of each of `pairs` in one; producers come before consumers."""
    reads = {func.name: reads_of(func) for func in algorithm.funcs}
    return _order(_joined([func.name for func in algorithm.funcs], pairs), lambda name: reads[name])


def clusters_in_order(stages: Sequence[Key], fused: Mapping[Key, Key]) -> Order[Key]:
    """The stages in groups, each with the stage that `fused` says; the stages of a Func stay in order."""
    return _order(_joined(stages, fused.items()), lambda key: [(key[0], index) for index in range(key[1])])


def _joined(items: Sequence[T], pairs: Iterable[tuple[T, T]]) -> list[list[T]]:
    """`items` in groups, the members of every pair in the same one, in the order of their first members."""
    group = {item: [item] for item in items}
    for a, b in pairs:
        if group[a] is not group[b]:
            first, second = sorted((group[a], group[b]), key=lambda members: items.index(members[0]))
            first += second
            group |= dict.fromkeys(second, first)
    return list({id(members): members for members in group.values()}.values())


def _order(groups: list[list[T]], needs: Callable[[T], Iterable[T]]) -> Order[T]:
    done: list[tuple[T, ...]] = []
    waiting = groups
    while (ready := _first(waiting, lambda group, other: _needs(group, other, needs))) is not None:
        done.append(tuple(ready))
        waiting = [group for group in waiting if group is not ready]
    # Those that only come after a circle are not part of it.
    while (last := _first(waiting, lambda group, other: _needs(other, group, needs))) is not None:
        waiting = [group for group in waiting if group is not last]
    return Order(tuple(done), tuple(item for members in waiting for item in members))


def _first(groups: list[list[T]], comes_after: Callable[[list[T], list[T]], bool]) -> list[T] | None:
    """The first group that comes after none of them."""
    return next((group for group in groups if not any(comes_after(group, other) for other in groups)), None)


def _needs(group: list[T], other: list[T], needs: Callable[[T], Iterable[T]]) -> bool:
    return any(need in other for item in group for need in needs(item))
