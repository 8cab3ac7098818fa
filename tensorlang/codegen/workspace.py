"""Where every allocation of a function lives: its stack frame, or an offset in the workspace that a call is given."""

from __future__ import annotations

from dataclasses import dataclass, field

from tensorlang.codegen.captures import is_launched
from tensorlang.ir.stmt import Allocate, For, Memory, Stmt
from tensorlang.ir.visitor import substatements

ALIGNMENT_BYTES = 64
#: Stack and register arrays of one function beyond this go to the workspace [B].
STACK_LIMIT_BYTES = 64 << 10


@dataclass(frozen=True)
class Workspace:
    """Sizes of the memory that a call needs: ``shared_bytes + workers * worker_bytes``, and as much on stacks [B].

    `offsets` maps (identity of an Allocate, whether it is inside a parallel loop) to its place in the shared part, or
    in its worker's part. Allocations that are not in it are on the stack. No two allocations overlap, so that what is
    zeroed once and never written, padding, stays zero.
    """

    shared_bytes: int
    worker_bytes: int
    offsets: dict[tuple[int, bool], int]
    shared_stack_bytes: int = 0
    worker_stack_bytes: int = 0

    def total_bytes(self, workers: int) -> int:
        """Size for that many workers [B]."""
        return self.shared_bytes + workers * self.worker_bytes

    def scratch_bytes(self, workers: int) -> int:
        """Size for that many workers, with what is on their stacks; registers are not counted [B]."""
        return self.total_bytes(workers) + self.shared_stack_bytes + workers * self.worker_stack_bytes


@dataclass
class _Region:
    heap_bytes: int = 0
    stack_bytes: int = 0
    register_bytes: int = 0


@dataclass
class _Planner:
    offsets: dict[tuple[int, bool], int] = field(default_factory=dict)
    shared: _Region = field(default_factory=_Region)
    worker: _Region = field(default_factory=_Region)

    def visit(self, stmt: Stmt, in_worker: bool) -> None:
        if isinstance(stmt, Allocate):
            self.place(stmt, in_worker)
        for child in substatements(stmt):
            self.visit(child, in_worker or isinstance(stmt, For) and is_launched(stmt))

    def place(self, allocate: Allocate, in_worker: bool) -> None:
        region = self.worker if in_worker else self.shared
        size_bytes = round_up(allocate.size * allocate.type.size_bytes)
        if allocate.memory is not Memory.HEAP and region.stack_bytes + size_bytes <= STACK_LIMIT_BYTES:
            region.stack_bytes += size_bytes
            region.register_bytes += size_bytes if allocate.memory is Memory.REGISTER else 0
        elif (id(allocate), in_worker) not in self.offsets:
            self.offsets[id(allocate), in_worker] = region.heap_bytes
            region.heap_bytes += size_bytes


def round_up(size_bytes: int) -> int:
    """The next multiple of the alignment [B]."""
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def plan_workspace(body: Stmt) -> Workspace:
    """Place every allocation of a function's body."""
    planner = _Planner()
    planner.visit(body, False)
    shared, worker = planner.shared, planner.worker
    return Workspace(
        shared.heap_bytes,
        worker.heap_bytes,
        planner.offsets,
        shared.stack_bytes - shared.register_bytes,
        worker.stack_bytes - worker.register_bytes,
    )
