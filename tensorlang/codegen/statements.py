"""Statements of the IR to LLVM control flow: loops, bindings, conditions, allocations, stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from llvmlite import ir as ll

from tensorlang.codegen.affine import decompose
from tensorlang.codegen.captures import accesses, has_launches, is_launched
from tensorlang.codegen.expressions import Expressions
from tensorlang.codegen.memory import Flat, Slots, Storage
from tensorlang.codegen.metadata import describe_loop
from tensorlang.codegen.parts import Sizes
from tensorlang.codegen.scopes import Scopes
from tensorlang.codegen.target import Target
from tensorlang.codegen.types import I64, PTR, memory_element, memory_type
from tensorlang.codegen.values import Ops, int_constant
from tensorlang.codegen.workspace import ALIGNMENT_BYTES
from tensorlang.errors import InternalError
from tensorlang.ir.expr import Const, Expr, Load
from tensorlang.ir.stmt import (
    Accumulate,
    Allocate,
    Block,
    For,
    IfThenElse,
    LetStmt,
    LoopKind,
    Memory,
    Prefetch,
    Simultaneous,
    Stmt,
    Store,
)
from tensorlang.ir.visitor import walk

#: A loop body of more instructions than this is not unrolled by LLVM: it hides the loop's overhead, and copies cost
#: compile time.
_ROLLED_ABOVE_INSTRUCTIONS = 24


class Statements:
    """Emits the body of one LLVM function.

    Parameters
    ----------
    function : llvmlite.ir.Function
        Empty; its arguments are already in `storages` and `variables`.
    target : Target
    storages : dict of str to Storage
        The buffers in scope.
    variables : dict of str to llvmlite.ir.Value
        The names in scope.
    find_heap : callable
        Gives the pointer of an Allocate that lives in the workspace, None for one on the stack.
    launch_parallel : callable
        Emits a parallel loop; None where parallel loops run serially.
    sizes : Sizes, optional
        Given for a body that is too long for one function.
    call_part : callable
        Emits a statement as a function of its own and calls that; False if it cannot be one.
    """

    def __init__(
        self,
        function: ll.Function,
        target: Target,
        storages: dict[str, Storage],
        variables: dict[str, ll.Value],
        find_heap: Callable[[Allocate], ll.Value | None],
        launch_parallel: Callable[[Statements, For], None] | None,
        sizes: Sizes | None = None,
        call_part: Callable[[Statements, Stmt], bool] = lambda outer, stmt: False,
    ) -> None:
        self.function = function
        self.entry = function.append_basic_block("entry")
        self.builder = ll.IRBuilder(function.append_basic_block("body"))
        self.scopes = Scopes()
        self.storages = storages
        self.ops = Ops(self.builder, target)
        self.expressions = Expressions(self.ops, self.scopes, storages)
        self._find_heap = find_heap
        self._launch_parallel = launch_parallel
        self._sizes = sizes
        self._call_part = call_part
        self._body = self.builder.block
        for name, value in variables.items():
            self.scopes.bind(name, value)

    def finish(self) -> None:
        """End the function."""
        self.builder.ret_void()
        ll.IRBuilder(self.entry).branch(self._body)

    def reserve(self, type_: ll.Type, alignment: int) -> ll.Value:
        """A stack cell in the entry block: in a loop it would grow the frame at each turn."""
        cell = ll.IRBuilder(self.entry).alloca(type_)
        cell.align = alignment
        cell.type = PTR
        return cell

    def emit(self, stmt: Stmt) -> None:
        """Emit a statement at the builder's place."""
        match stmt:
            case Block():
                self._block(stmt)
            case Store():
                self._store((stmt,))
            case Simultaneous(stores=stores):
                self._store(stores)
            case Accumulate():
                self.expressions.accumulate(stmt)
            case Prefetch(name, (at,)):
                self.expressions.prefetch(name, at)
            case LetStmt():
                self._let(stmt)
            case For():
                self._for(stmt)
            case IfThenElse():
                self._if(stmt)
            case Allocate():
                self._allocate(stmt)
            case _:
                raise InternalError(f"code generation: {type(stmt).__name__} should be gone after lowering.")

    def _store(self, stores: tuple[Store, ...]) -> None:
        """Store at once: all values, then all places, and only then any store."""
        values = [self.expressions.emit(store.value) for store in stores]
        places = [self.expressions.place(store) for store in stores]
        for place, value in zip(places, values, strict=True):
            place(value)

    def _block(self, block: Block) -> None:
        parts = [(block.stmts, False)] if self._sizes is None else self._sizes.parts(block.stmts)
        for stmts, is_apart in parts:
            if is_apart and self._call_part(self, Block(stmts)):
                self.expressions.forget_loads()
                continue
            for stmt in stmts:
                self.emit(stmt)

    @contextmanager
    def _region(self) -> Iterator[None]:
        self.scopes.push()
        try:
            yield
        finally:
            self.scopes.pop()

    def _let(self, stmt: LetStmt) -> None:
        value = self.expressions.emit(stmt.value)
        with self._region():
            # What is loaded may change: such a name keeps the value it had here.
            is_stable = not any(isinstance(node, Load) for node in walk(stmt.value))
            self.scopes.bind(stmt.name, value, stmt.value if is_stable else None)
            self.emit(stmt.body)

    def _for(self, stmt: For) -> None:
        if self._launch_parallel is not None and is_launched(stmt):
            self._launch_parallel(self, stmt)
            self.expressions.forget_loads()
        elif stmt.kind in (LoopKind.SERIAL, LoopKind.PARALLEL):
            self._serial_for(stmt)
        else:
            raise InternalError(f"code generation: {stmt.kind} loop {stmt.var!r} should be gone after lowering.")

    def _serial_for(self, stmt: For) -> None:
        if not isinstance(stmt.extent, Const):
            extent = self.expressions.emit(stmt.extent)
            is_entered = self.builder.icmp_signed(">", extent, int_constant(0))
            with self.conditional(is_entered):
                self.loop(stmt.var, int_constant(0), extent, stmt.body)
        elif stmt.extent.value == 1:
            with self._region():
                self.scopes.bind(stmt.var, int_constant(0), Const(0, stmt.extent.type))
                self.emit(stmt.body)
        elif stmt.extent.value > 1:
            self.loop(stmt.var, int_constant(0), self.expressions.emit(stmt.extent), stmt.body)

    @contextmanager
    def conditional(self, condition: ll.Value) -> Iterator[None]:
        """A region of code that runs if the condition holds."""
        self.expressions.forget_loads()
        with self.builder.if_then(condition), self._region():
            yield
        self.expressions.forget_loads()

    def loop(self, var: str, begin: ll.Value, end: ll.Value, body: Stmt) -> None:
        """A loop that runs at least once: the test is at its end, so that LLVM need not rotate it."""
        builder, before = self.builder, self.builder.block
        head = builder.append_basic_block("loop")
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(I64)
        index.add_incoming(begin, before)
        first_block = len(self.function.blocks) - 1
        self.expressions.forget_loads()
        with self._region():
            self.scopes.bind(var, index)
            self.emit(body)
        following = builder.add(index, int_constant(1), flags=("nuw", "nsw"))
        index.add_incoming(following, builder.block)
        after = builder.append_basic_block("done")
        is_more = builder.icmp_signed("<", following, end)
        latch = builder.cbranch(is_more, head, after)
        instructions = sum(len(block.instructions) for block in self.function.blocks[first_block:])
        describe_loop(builder.module, latch, may_unroll=instructions <= _ROLLED_ABOVE_INSTRUCTIONS)
        builder.position_at_end(after)
        self.expressions.forget_loads()

    def _if(self, stmt: IfThenElse) -> None:
        condition = self.expressions.emit(stmt.condition)
        if stmt.otherwise is None:
            with self.conditional(condition):
                self.emit(stmt.then)
            return
        self.expressions.forget_loads()
        with self.builder.if_else(condition) as (then, otherwise):
            for branch, body in ((then, stmt.then), (otherwise, stmt.otherwise)):
                with branch, self._region():
                    self.emit(body)
                    self.expressions.forget_loads()

    def _allocate(self, stmt: Allocate) -> None:
        pointer = self._find_heap(stmt)
        outer = self.storages.get(stmt.buffer)
        if pointer is not None:
            self.storages[stmt.buffer] = Flat(pointer, stmt.type)
        else:
            self.storages[stmt.buffer] = self._on_stack(stmt)
        self.emit(stmt.body)
        if outer is None:
            del self.storages[stmt.buffer]
        else:
            self.storages[stmt.buffer] = outer

    def _on_stack(self, stmt: Allocate) -> Storage:
        places = self._slot_places(stmt) if stmt.memory is Memory.REGISTER else None
        if places is None:
            array = ll.ArrayType(memory_element(stmt.type), stmt.size)
            return Flat(self.reserve(array, ALIGNMENT_BYTES), stmt.type)
        cells = {}
        for offset, lanes in sorted(places):
            type_ = stmt.type.with_lanes(lanes)
            size_bytes = type_.size_bytes * lanes
            cells[offset, lanes] = self.reserve(memory_type(type_), min(64, 1 << (size_bytes - 1).bit_length()))
        return Slots(cells, stmt.type)

    def _slot_places(self, stmt: Allocate) -> set[tuple[int, int]] | None:
        """(offset, lanes) of every access, if all are constant, none overlap in part, and no other thread sees them."""
        if has_launches(stmt.body):
            return None
        places: set[tuple[int, int]] = set()
        for index, lanes in accesses(stmt.body, stmt.buffer):
            place = decompose(index, _nothing)
            if place is None or place.terms or lanes > 1 and place.lane_stride != 1:
                return None
            places.add((place.constant, lanes))
        ends = 0
        for offset, lanes in sorted(places):
            if offset < ends:
                return None
            ends = offset + lanes
        return places


def _nothing(name: str) -> Expr | None:
    return None
