"""The closed table of directives: what JSON may hold, what `source` writes and what stage handles offer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tensorlang.schedule.bounds import AlignBounds, Bound, SetEstimate
from tensorlang.schedule.cases import Specialize, SpecializeFail
from tensorlang.schedule.computing_with import ComputeWith
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.factoring import Rfactor
from tensorlang.schedule.folding import FoldStorage
from tensorlang.schedule.hints import Partition, Prefetch
from tensorlang.schedule.loops import Fuse, Rename, Split, Tile
from tensorlang.schedule.marks import Parallel, Serial, Unroll, Vectorize
from tensorlang.schedule.order import Reorder
from tensorlang.schedule.placement import ComputeAt, ComputeAtInit, ComputeInline, ComputeRoot
from tensorlang.schedule.racing import AllowRaceConditions, Atomic
from tensorlang.schedule.storage import AlignStorage, ReorderStorage, SplitStorage, StoreIn
from tensorlang.schedule.storage_levels import HoistStorage, HoistStorageRoot, StoreAt, StoreRoot
from tensorlang.schedule.streaming import StreamStores
from tensorlang.schedule.wrapping import In

_ALL: tuple[type[Directive], ...] = (
    Split,
    Fuse,
    Reorder,
    Tile,
    Rename,
    Unroll,
    Vectorize,
    Parallel,
    Serial,
    ComputeInline,
    ComputeRoot,
    ComputeAt,
    ComputeAtInit,
    ComputeWith,
    StoreAt,
    StoreRoot,
    HoistStorage,
    HoistStorageRoot,
    StoreIn,
    SplitStorage,
    ReorderStorage,
    AlignStorage,
    FoldStorage,
    StreamStores,
    In,
    Rfactor,
    Atomic,
    AllowRaceConditions,
    Bound,
    AlignBounds,
    SetEstimate,
    Partition,
    Prefetch,
    Specialize,
    SpecializeFail,
)

DIRECTIVES: Mapping[str, type[Directive]] = MappingProxyType({directive.call: directive for directive in _ALL})
"""Every directive by the name of its call."""
