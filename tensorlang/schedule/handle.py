"""What ``s[stage]`` returns: one method for each directive, which records it and returns the handle."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, SupportsIndex, TypeVar

from tensorlang.errors import ScheduleError, caller_location
from tensorlang.ir.stmt import Memory, PartitionPolicy
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.schedule.bounds import AlignBounds, Bound, SetEstimate
from tensorlang.schedule.cases import Specialize, SpecializeFail, condition_text
from tensorlang.schedule.computing_with import ComputeWith
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.factoring import Rfactor
from tensorlang.schedule.folding import FoldStorage
from tensorlang.schedule.hints import Partition, Prefetch
from tensorlang.schedule.loops import Fuse, Rename, Split, Tile
from tensorlang.schedule.marks import Parallel, Serial, Unroll, Vectorize
from tensorlang.schedule.naming import (
    LoopLike,
    LoopPair,
    StageLike,
    func_name,
    loop_name,
    loop_names,
    loop_pairs,
    plain_integer,
    stage_name,
)
from tensorlang.schedule.order import Reorder
from tensorlang.schedule.placement import ComputeAt, ComputeAtInit, ComputeInline, ComputeRoot
from tensorlang.schedule.racing import AllowRaceConditions, Atomic
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.storage import AlignStorage, ReorderStorage, SplitStorage, StoreIn
from tensorlang.schedule.storage_levels import HoistStorage, HoistStorageRoot, StoreAt, StoreRoot
from tensorlang.schedule.strategies import PrefetchStrategy
from tensorlang.schedule.streaming import StreamStores
from tensorlang.schedule.table import DIRECTIVES
from tensorlang.schedule.tails import TailStrategy

F = TypeVar("F", bound=Callable[..., object])


def _documents(directive: type[Directive]) -> Callable[[F], F]:
    """Give a method the docstring of the directive that it records."""

    def copy(method: F) -> F:
        method.__doc__ = directive.__doc__
        return method

    return copy


class NoSuchDirectiveError(ScheduleError, AttributeError):
    """A stage is given a directive that there is not; an AttributeError too, so that `hasattr` answers."""


class StageHandle:
    """The stage of a schedule; each method gives it one directive and returns the handle, so that calls chain."""

    __slots__ = ("_record", "stage")

    def __init__(self, stage: StageName, record: Callable[[Directive], int]) -> None:
        self.stage = stage
        self._record = record

    def __repr__(self) -> str:
        return f"s[{self.stage.as_written}]"

    # Type checkers report every missing attribute by themselves.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise _no_such_directive(self.stage, name)

    def _add(self, directive: Directive) -> StageHandle:
        self._record(directive)
        return self

    # Loops

    @_documents(Split)
    def split(
        self,
        old: LoopLike,
        outer: LoopLike,
        inner: LoopLike,
        factor: SupportsIndex,
        tail: TailStrategy | str = TailStrategy.AUTO,
    ) -> StageHandle:
        names = loop_name(old), loop_name(outer), loop_name(inner)
        return self._add(Split(self.stage, *names, plain_integer(factor), _tail(tail), where=caller_location()))

    @_documents(Fuse)
    def fuse(self, outer: LoopLike, inner: LoopLike, fused: LoopLike) -> StageHandle:
        names = loop_name(outer), loop_name(inner), loop_name(fused)
        return self._add(Fuse(self.stage, *names, where=caller_location()))

    @_documents(Reorder)
    def reorder(self, *loops: LoopLike) -> StageHandle:
        return self._add(Reorder(self.stage, loop_names(loops), where=caller_location()))

    @_documents(Tile)
    def tile(
        self,
        x: LoopLike,
        y: LoopLike,
        xo: LoopLike,
        yo: LoopLike,
        xi: LoopLike,
        yi: LoopLike,
        fx: SupportsIndex,
        fy: SupportsIndex,
        tail: TailStrategy | str = TailStrategy.AUTO,
    ) -> StageHandle:
        old, outer = (loop_name(x), loop_name(y)), (loop_name(xo), loop_name(yo))
        inner, factors = (loop_name(xi), loop_name(yi)), (plain_integer(fx), plain_integer(fy))
        return self._add(Tile(self.stage, *old, *outer, *inner, *factors, _tail(tail), where=caller_location()))

    @_documents(Rename)
    def rename(self, old: LoopLike, new: LoopLike) -> StageHandle:
        return self._add(Rename(self.stage, loop_name(old), loop_name(new), where=caller_location()))

    # How loops run

    @_documents(Unroll)
    def unroll(
        self, v: LoopLike, n: SupportsIndex | None = None, tail: TailStrategy | str = TailStrategy.AUTO
    ) -> StageHandle:
        return self._add(Unroll(self.stage, loop_name(v), _optional(n), _tail(tail), where=caller_location()))

    @_documents(Vectorize)
    def vectorize(
        self, v: LoopLike, n: SupportsIndex | None = None, tail: TailStrategy | str = TailStrategy.AUTO
    ) -> StageHandle:
        return self._add(Vectorize(self.stage, loop_name(v), _optional(n), _tail(tail), where=caller_location()))

    @_documents(Parallel)
    def parallel(
        self, v: LoopLike, n: SupportsIndex | None = None, tail: TailStrategy | str = TailStrategy.AUTO
    ) -> StageHandle:
        return self._add(Parallel(self.stage, loop_name(v), _optional(n), _tail(tail), where=caller_location()))

    @_documents(Serial)
    def serial(self, v: LoopLike) -> StageHandle:
        return self._add(Serial(self.stage, loop_name(v), where=caller_location()))

    # Where it is computed

    @_documents(ComputeInline)
    def compute_inline(self) -> StageHandle:
        return self._add(ComputeInline(self.stage, where=caller_location()))

    @_documents(ComputeRoot)
    def compute_root(self) -> StageHandle:
        return self._add(ComputeRoot(self.stage, where=caller_location()))

    @_documents(ComputeAt)
    def compute_at(self, consumer: StageLike, loop: LoopLike) -> StageHandle:
        return self._add(ComputeAt(self.stage, stage_name(consumer), loop_name(loop), where=caller_location()))

    @_documents(ComputeAtInit)
    def compute_at_init(self) -> StageHandle:
        return self._add(ComputeAtInit(self.stage, where=caller_location()))

    @_documents(ComputeWith)
    def compute_with(self, other: StageLike, loop: LoopLike) -> StageHandle:
        return self._add(ComputeWith(self.stage, stage_name(other), loop_name(loop), where=caller_location()))

    # From when to when it is stored

    @_documents(StoreAt)
    def store_at(self, consumer: StageLike, loop: LoopLike) -> StageHandle:
        return self._add(StoreAt(self.stage, stage_name(consumer), loop_name(loop), where=caller_location()))

    @_documents(StoreRoot)
    def store_root(self) -> StageHandle:
        return self._add(StoreRoot(self.stage, where=caller_location()))

    @_documents(HoistStorage)
    def hoist_storage(self, consumer: StageLike, loop: LoopLike) -> StageHandle:
        return self._add(HoistStorage(self.stage, stage_name(consumer), loop_name(loop), where=caller_location()))

    @_documents(HoistStorageRoot)
    def hoist_storage_root(self) -> StageHandle:
        return self._add(HoistStorageRoot(self.stage, where=caller_location()))

    # How it is stored

    @_documents(StoreIn)
    def store_in(self, memory: Memory | str) -> StageHandle:
        # The record's own check turns the text into a Memory, or refuses it.
        return self._add(StoreIn(self.stage, memory, where=caller_location()))  # type: ignore[arg-type]

    @_documents(SplitStorage)
    def split_storage(self, dim: LoopLike, outer: LoopLike, inner: LoopLike, factor: SupportsIndex) -> StageHandle:
        names = loop_name(dim), loop_name(outer), loop_name(inner)
        return self._add(SplitStorage(self.stage, *names, plain_integer(factor), where=caller_location()))

    @_documents(ReorderStorage)
    def reorder_storage(self, *dims: LoopLike) -> StageHandle:
        return self._add(ReorderStorage(self.stage, loop_names(dims), where=caller_location()))

    @_documents(AlignStorage)
    def align_storage(self, dim: LoopLike, n: SupportsIndex) -> StageHandle:
        return self._add(AlignStorage(self.stage, loop_name(dim), plain_integer(n), where=caller_location()))

    @_documents(FoldStorage)
    def fold_storage(self, var: LoopLike, factor: SupportsIndex, fold_forward: bool = True) -> StageHandle:
        fold = FoldStorage(self.stage, loop_name(var), plain_integer(factor), fold_forward, where=caller_location())
        return self._add(fold)

    @_documents(StreamStores)
    def stream_stores(self) -> StageHandle:
        return self._add(StreamStores(self.stage, where=caller_location()))

    # What becomes of reductions

    @_documents(Rfactor)
    def rfactor(self, preserved: LoopPair | Sequence[LoopPair], name: str) -> StageHandle:
        self._add(Rfactor(self.stage, loop_pairs(preserved), name, where=caller_location()))
        return StageHandle(StageName(name), self._record)

    @_documents(Atomic)
    def atomic(self) -> StageHandle:
        return self._add(Atomic(self.stage, where=caller_location()))

    @_documents(AllowRaceConditions)
    def allow_race_conditions(self) -> StageHandle:
        return self._add(AllowRaceConditions(self.stage, where=caller_location()))

    # For which values of Params

    @_documents(Specialize)
    def specialize(self, condition: Expr | str) -> StageHandle:
        number = self._record(Specialize(self.stage, condition_text(condition), where=caller_location()))
        return StageHandle(replace(self.stage, case=number), self._record)

    @_documents(SpecializeFail)
    def specialize_fail(self, message: str) -> StageHandle:
        return self._add(SpecializeFail(self.stage, message, where=caller_location()))

    # Over which region

    @_documents(Bound)
    def bound(self, var: LoopLike, min: SupportsIndex, extent: SupportsIndex) -> StageHandle:
        values = plain_integer(min), plain_integer(extent)
        return self._add(Bound(self.stage, loop_name(var), *values, where=caller_location()))

    @_documents(AlignBounds)
    def align_bounds(self, var: LoopLike, modulus: SupportsIndex, remainder: SupportsIndex = 0) -> StageHandle:
        values = plain_integer(modulus), plain_integer(remainder)
        return self._add(AlignBounds(self.stage, loop_name(var), *values, where=caller_location()))

    @_documents(SetEstimate)
    def set_estimate(self, var: LoopLike, min: SupportsIndex, extent: SupportsIndex) -> StageHandle:
        values = plain_integer(min), plain_integer(extent)
        return self._add(SetEstimate(self.stage, loop_name(var), *values, where=caller_location()))

    # How it is compiled

    @_documents(Partition)
    def partition(self, loop: LoopLike, policy: PartitionPolicy | str) -> StageHandle:
        # The record's own check turns the text into a policy, or refuses it.
        return self._add(Partition(self.stage, loop_name(loop), policy, where=caller_location()))  # type: ignore[arg-type]

    @_documents(Prefetch)
    def prefetch(
        self,
        producer: Func | Input | str,
        at: LoopLike,
        from_: LoopLike,
        offset: SupportsIndex = 1,
        strategy: PrefetchStrategy | str = PrefetchStrategy.GUARD,
    ) -> StageHandle:
        names = func_name(producer), loop_name(at), loop_name(from_)
        fetch = Prefetch(self.stage, *names, plain_integer(offset), strategy, where=caller_location())  # type: ignore[arg-type]
        return self._add(fetch)


def _no_such_directive(stage: StageName, name: str) -> NoSuchDirectiveError:
    known = [call for call in DIRECTIVES if call != "in_"]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    return NoSuchDirectiveError(
        f"s[{stage.as_written}].{name}: there is no directive {name}.",
        asked=f"s[{stage.as_written}].{name}",
        where=caller_location(),
        rule="a stage takes the directives of the language of schedules",
        legal=" | ".join(known),
        hint='s.in_(producer, consumer, "name")' if name == "in_" else hint,
    )


def _optional(n: SupportsIndex | None) -> int | None:
    return None if n is None else plain_integer(n)


def _tail(tail: TailStrategy | str) -> TailStrategy:
    return tail  # type: ignore[return-value]  # the record's own check turns text into a TailStrategy, or refuses it
