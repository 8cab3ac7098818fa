"""The table of drawers, one for each directive: when it is drawn, how often, and what draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from tensorlang.fuzz.directives.cases import draw_specialize, draw_specialize_fail
from tensorlang.fuzz.directives.hints import draw_align_bounds, draw_partition, draw_prefetch, draw_set_estimate
from tensorlang.fuzz.directives.levels import (
    draw_fold_storage,
    draw_hoist_storage,
    draw_hoist_storage_root,
    draw_store_at,
    draw_store_root,
)
from tensorlang.fuzz.directives.loops import draw_fuse, draw_rename, draw_reorder, draw_split, draw_tile
from tensorlang.fuzz.directives.marks import draw_parallel, draw_serial, draw_unroll, draw_vectorize
from tensorlang.fuzz.directives.placement import (
    draw_bound,
    draw_compute_at,
    draw_compute_at_init,
    draw_compute_inline,
    draw_compute_root,
    draw_in,
)
from tensorlang.fuzz.directives.reductions import draw_allow_race_conditions, draw_atomic, draw_rfactor
from tensorlang.fuzz.directives.scene import Scene
from tensorlang.fuzz.directives.storage import (
    draw_align_storage,
    draw_reorder_storage,
    draw_split_storage,
    draw_store_in,
)
from tensorlang.fuzz.directives.streams import draw_stream_stores
from tensorlang.fuzz.directives.together import draw_compute_with
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.stages import StageName


class Phase(IntEnum):
    """When a directive is drawn: the phases follow each other for every Func, consumers first."""

    ALGORITHM = 0
    """It makes Funcs: before all others."""
    PLACEMENT = 1
    """Where a Func is computed; one for each Func."""
    LEVELS = 2
    """Where a Func is stored and allocated that is computed in a loop, and what region of it is computed."""
    LOOPS = 3
    """The loops of a stage."""
    STORAGE = 4
    """The memory of a Func, and other things said of Funcs, after its loops."""


@dataclass(frozen=True)
class Drawer:
    """How one directive is drawn.

    Attributes
    ----------
    phase : Phase
    weight : int
        How often, among those of its phase.
    draw : callable
        From the scene and a stage (the pure one, where the directive is said of Funcs) to a directive that should be
        legal there, or None where there is none.
    """

    phase: Phase
    weight: int
    draw: Callable[[Scene, StageName], Directive | None]


DRAWERS: Mapping[str, Drawer] = MappingProxyType(
    {
        "in_": Drawer(Phase.ALGORITHM, 4, draw_in),
        "compute_inline": Drawer(Phase.PLACEMENT, 3, draw_compute_inline),
        "compute_root": Drawer(Phase.PLACEMENT, 5, draw_compute_root),
        "compute_at": Drawer(Phase.PLACEMENT, 9, draw_compute_at),
        "compute_at_init": Drawer(Phase.PLACEMENT, 6, draw_compute_at_init),
        "split": Drawer(Phase.LOOPS, 6, draw_split),
        "tile": Drawer(Phase.LOOPS, 3, draw_tile),
        "fuse": Drawer(Phase.LOOPS, 4, draw_fuse),
        "reorder": Drawer(Phase.LOOPS, 5, draw_reorder),
        "rename": Drawer(Phase.LOOPS, 1, draw_rename),
        "unroll": Drawer(Phase.LOOPS, 4, draw_unroll),
        "vectorize": Drawer(Phase.LOOPS, 7, draw_vectorize),
        "parallel": Drawer(Phase.LOOPS, 4, draw_parallel),
        "serial": Drawer(Phase.LOOPS, 1, draw_serial),
        "partition": Drawer(Phase.LOOPS, 1, draw_partition),
        "prefetch": Drawer(Phase.LOOPS, 2, draw_prefetch),
        "specialize": Drawer(Phase.LOOPS, 2, draw_specialize),
        "specialize_fail": Drawer(Phase.LOOPS, 1, draw_specialize_fail),
        "stream_stores": Drawer(Phase.LOOPS, 2, draw_stream_stores),
        "compute_with": Drawer(Phase.LOOPS, 1, draw_compute_with),
        "rfactor": Drawer(Phase.LOOPS, 2, draw_rfactor),
        "atomic": Drawer(Phase.LOOPS, 2, draw_atomic),
        "allow_race_conditions": Drawer(Phase.LOOPS, 1, draw_allow_race_conditions),
        "store_at": Drawer(Phase.LEVELS, 4, draw_store_at),
        "store_root": Drawer(Phase.LEVELS, 4, draw_store_root),
        "hoist_storage": Drawer(Phase.LEVELS, 2, draw_hoist_storage),
        "hoist_storage_root": Drawer(Phase.LEVELS, 2, draw_hoist_storage_root),
        "fold_storage": Drawer(Phase.LEVELS, 2, draw_fold_storage),
        "align_bounds": Drawer(Phase.LEVELS, 2, draw_align_bounds),
        "store_in": Drawer(Phase.STORAGE, 5, draw_store_in),
        "split_storage": Drawer(Phase.STORAGE, 3, draw_split_storage),
        "reorder_storage": Drawer(Phase.STORAGE, 3, draw_reorder_storage),
        "align_storage": Drawer(Phase.STORAGE, 3, draw_align_storage),
        "bound": Drawer(Phase.STORAGE, 2, draw_bound),
        "set_estimate": Drawer(Phase.STORAGE, 1, draw_set_estimate),
    }
)
"""Every directive of `tensorlang.schedule.table.DIRECTIVES` by name; a test sees to it that none is left out."""
