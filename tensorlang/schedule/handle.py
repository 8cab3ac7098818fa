"""What ``s[stage]`` returns: one method for each directive, which records it and returns the handle."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, TypeVar, overload

from tensorlang.errors import ScheduleError, caller_location
from tensorlang.ir.stmt import Memory, PartitionPolicy
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.schedule.arguments import (
    LoopArgument,
    Number,
    SiteArgument,
    TailArgument,
    flag_of,
    loop_of,
    loop_or_none,
    loops_of,
    number_of,
    optional_number,
    site_of,
    tail_of,
)
from tensorlang.schedule.bounds import AlignBounds, Bound, SetEstimate
from tensorlang.schedule.cases import Specialize, SpecializeFail, condition_text
from tensorlang.schedule.computing_with import ComputeWith
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.factoring import Rfactor
from tensorlang.schedule.folding import FoldStorage
from tensorlang.schedule.hints import Partition, Prefetch
from tensorlang.schedule.knobs import Knob
from tensorlang.schedule.level_holes import ComputeAtHole, HoistStorageHole, StoreAtHole
from tensorlang.schedule.loops import Fuse, Rename, Split, Tile
from tensorlang.schedule.marks import Parallel, Serial, Unroll, Vectorize
from tensorlang.schedule.naming import LoopLike, LoopPair, func_name, loop_pairs
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
        old: LoopArgument,
        outer: LoopLike,
        inner: LoopLike,
        factor: Number,
        tail: TailArgument = TailStrategy.AUTO,
    ) -> StageHandle:
        names = loop_of(old), loop_of(outer), loop_of(inner)
        return self._add(Split(self.stage, *names, number_of(factor), tail_of(tail), where=caller_location()))

    @_documents(Fuse)
    def fuse(self, outer: LoopArgument, inner: LoopArgument, fused: LoopLike) -> StageHandle:
        names = loop_of(outer), loop_of(inner), loop_of(fused)
        return self._add(Fuse(self.stage, *names, where=caller_location()))

    @_documents(Reorder)
    def reorder(self, *loops: LoopArgument) -> StageHandle:
        return self._add(Reorder(self.stage, loops_of(loops), where=caller_location()))

    @_documents(Tile)
    def tile(
        self,
        x: LoopArgument,
        y: LoopArgument,
        xo: LoopLike,
        yo: LoopLike,
        xi: LoopLike,
        yi: LoopLike,
        fx: Number,
        fy: Number,
        tail: TailArgument = TailStrategy.AUTO,
    ) -> StageHandle:
        old, outer = (loop_of(x), loop_of(y)), (loop_of(xo), loop_of(yo))
        inner, factors = (loop_of(xi), loop_of(yi)), (number_of(fx), number_of(fy))
        return self._add(Tile(self.stage, *old, *outer, *inner, *factors, tail_of(tail), where=caller_location()))

    @_documents(Rename)
    def rename(self, old: LoopArgument, new: LoopLike) -> StageHandle:
        return self._add(Rename(self.stage, loop_of(old), loop_of(new), where=caller_location()))

    # How loops run

    @_documents(Unroll)
    def unroll(self, v: LoopArgument, n: Number | None = None, tail: TailArgument = TailStrategy.AUTO) -> StageHandle:
        return self._add(Unroll(self.stage, loop_of(v), optional_number(n), tail_of(tail), where=caller_location()))

    @_documents(Vectorize)
    def vectorize(
        self, v: LoopArgument, n: Number | None = None, tail: TailArgument = TailStrategy.AUTO
    ) -> StageHandle:
        return self._add(Vectorize(self.stage, loop_of(v), optional_number(n), tail_of(tail), where=caller_location()))

    @_documents(Parallel)
    def parallel(self, v: LoopArgument, n: Number | None = None, tail: TailArgument = TailStrategy.AUTO) -> StageHandle:
        return self._add(Parallel(self.stage, loop_of(v), optional_number(n), tail_of(tail), where=caller_location()))

    @_documents(Serial)
    def serial(self, v: LoopArgument) -> StageHandle:
        return self._add(Serial(self.stage, loop_of(v), where=caller_location()))

    # Where it is computed

    @_documents(ComputeInline)
    def compute_inline(self) -> StageHandle:
        return self._add(ComputeInline(self.stage, where=caller_location()))

    @_documents(ComputeRoot)
    def compute_root(self) -> StageHandle:
        return self._add(ComputeRoot(self.stage, where=caller_location()))

    @overload
    def compute_at(self, consumer: SiteArgument, loop: LoopArgument) -> StageHandle: ...

    @overload
    def compute_at(self, consumer: Knob) -> StageHandle: ...

    @_documents(ComputeAt)
    def compute_at(self, consumer: SiteArgument, loop: LoopArgument | None = None) -> StageHandle:
        if loop is None and isinstance(consumer, Knob):
            return self._add(ComputeAtHole(self.stage, consumer, where=caller_location()))
        return self._add(ComputeAt(self.stage, site_of(consumer), loop_or_none(loop), where=caller_location()))

    @_documents(ComputeAtInit)
    def compute_at_init(self) -> StageHandle:
        return self._add(ComputeAtInit(self.stage, where=caller_location()))

    @_documents(ComputeWith)
    def compute_with(self, other: SiteArgument, loop: LoopArgument) -> StageHandle:
        return self._add(ComputeWith(self.stage, site_of(other), loop_of(loop), where=caller_location()))

    # From when to when it is stored

    @overload
    def store_at(self, consumer: SiteArgument, loop: LoopArgument) -> StageHandle: ...

    @overload
    def store_at(self, consumer: Knob) -> StageHandle: ...

    @_documents(StoreAt)
    def store_at(self, consumer: SiteArgument, loop: LoopArgument | None = None) -> StageHandle:
        if loop is None and isinstance(consumer, Knob):
            return self._add(StoreAtHole(self.stage, consumer, where=caller_location()))
        return self._add(StoreAt(self.stage, site_of(consumer), loop_or_none(loop), where=caller_location()))

    @_documents(StoreRoot)
    def store_root(self) -> StageHandle:
        return self._add(StoreRoot(self.stage, where=caller_location()))

    @overload
    def hoist_storage(self, consumer: SiteArgument, loop: LoopArgument) -> StageHandle: ...

    @overload
    def hoist_storage(self, consumer: Knob) -> StageHandle: ...

    @_documents(HoistStorage)
    def hoist_storage(self, consumer: SiteArgument, loop: LoopArgument | None = None) -> StageHandle:
        if loop is None and isinstance(consumer, Knob):
            return self._add(HoistStorageHole(self.stage, consumer, where=caller_location()))
        return self._add(HoistStorage(self.stage, site_of(consumer), loop_or_none(loop), where=caller_location()))

    @_documents(HoistStorageRoot)
    def hoist_storage_root(self) -> StageHandle:
        return self._add(HoistStorageRoot(self.stage, where=caller_location()))

    # How it is stored

    @_documents(StoreIn)
    def store_in(self, memory: Memory | str | Knob) -> StageHandle:
        # The record's own check turns the text into a Memory, or refuses it.
        return self._add(StoreIn(self.stage, memory, where=caller_location()))  # type: ignore[arg-type]

    @_documents(SplitStorage)
    def split_storage(self, dim: LoopArgument, outer: LoopLike, inner: LoopLike, factor: Number) -> StageHandle:
        names = loop_of(dim), loop_of(outer), loop_of(inner)
        return self._add(SplitStorage(self.stage, *names, number_of(factor), where=caller_location()))

    @_documents(ReorderStorage)
    def reorder_storage(self, *dims: LoopArgument) -> StageHandle:
        return self._add(ReorderStorage(self.stage, loops_of(dims), where=caller_location()))

    @_documents(AlignStorage)
    def align_storage(self, dim: LoopArgument, n: Number) -> StageHandle:
        return self._add(AlignStorage(self.stage, loop_of(dim), number_of(n), where=caller_location()))

    @_documents(FoldStorage)
    def fold_storage(self, var: LoopArgument, factor: Number, fold_forward: bool | Knob = True) -> StageHandle:
        fold = FoldStorage(self.stage, loop_of(var), number_of(factor), flag_of(fold_forward), where=caller_location())
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
    def bound(self, var: LoopArgument, min: Number, extent: Number) -> StageHandle:
        values = number_of(min), number_of(extent)
        return self._add(Bound(self.stage, loop_of(var), *values, where=caller_location()))

    @_documents(AlignBounds)
    def align_bounds(self, var: LoopArgument, modulus: Number, remainder: Number = 0) -> StageHandle:
        values = number_of(modulus), number_of(remainder)
        return self._add(AlignBounds(self.stage, loop_of(var), *values, where=caller_location()))

    @_documents(SetEstimate)
    def set_estimate(self, var: LoopArgument, min: Number, extent: Number) -> StageHandle:
        values = number_of(min), number_of(extent)
        return self._add(SetEstimate(self.stage, loop_of(var), *values, where=caller_location()))

    # How it is compiled

    @_documents(Partition)
    def partition(self, loop: LoopArgument, policy: PartitionPolicy | str | Knob) -> StageHandle:
        # The record's own check turns the text into a policy, or refuses it.
        return self._add(Partition(self.stage, loop_of(loop), policy, where=caller_location()))  # type: ignore[arg-type]

    @_documents(Prefetch)
    def prefetch(
        self,
        producer: Func | Input | str,
        at: LoopArgument,
        from_: LoopArgument,
        offset: Number = 1,
        strategy: PrefetchStrategy | str | Knob = PrefetchStrategy.GUARD,
    ) -> StageHandle:
        names = func_name(producer), loop_of(at), loop_of(from_)
        fetch = Prefetch(self.stage, *names, number_of(offset), strategy, where=caller_location())  # type: ignore[arg-type]
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
