"""A lowered function to LLVM: an entry, its body, a thunk and a body for every parallel loop, parts of long bodies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from llvmlite import ir as ll

from tensorlang.codegen.captures import find_captures, is_launched
from tensorlang.codegen.launch import LAUNCH_SYMBOL
from tensorlang.codegen.memory import Flat, Slots, Storage
from tensorlang.codegen.parts import PART_STORES, Sizes
from tensorlang.codegen.scopes import THREADS, WORKSPACE
from tensorlang.codegen.statements import Statements
from tensorlang.codegen.streaming import emit_fence, has_streams
from tensorlang.codegen.target import Target
from tensorlang.codegen.types import I8, I64, PTR
from tensorlang.codegen.values import int_constant
from tensorlang.codegen.workspace import ALIGNMENT_BYTES, Workspace, plan_workspace
from tensorlang.dtypes import DType
from tensorlang.errors import InternalError
from tensorlang.ir.module import Function, Role
from tensorlang.ir.stmt import Accumulate, Allocate, For, Stmt, Store
from tensorlang.ir.visitor import substatements, walk_stmts


@dataclass(frozen=True)
class _Array:
    """A pointer argument of a body: memory that no other argument of it overlaps."""

    name: str
    type: DType
    size_bytes: int
    alignment: int


@dataclass(frozen=True)
class _Piece:
    """What one LLVM function computes: `stmt`, in a task the iterations of `loop` that it is given.

    `sizes` is given if it is too long for one function.
    """

    role: str
    stmt: Stmt
    in_worker: bool
    loop: For | None = None
    sizes: Sizes | None = None


class FunctionEmitter:
    """Emits one lowered function into an LLVM module.

    Bodies take every buffer and workspace allocation as a ``noalias`` argument: that is how LLVM learns that a store to
    one does not change another, with no metadata on the accesses.

    Parameters
    ----------
    module : llvmlite.ir.Module
    function : Function
    target : Target
    """

    def __init__(self, module: ll.Module, function: Function, target: Target) -> None:
        self._module = module
        self._function = function
        self._target = target
        self._workspace = plan_workspace(function.body)
        self._sizes = Sizes(function.body)
        self._function_count = 0

    def emit(self) -> ll.Function:
        """Emit the function; return its entry, ``void(ptr)``.

        The entry takes the address of a table of 64-bit cells: the buffers in parameter order, the workspace, the
        number of threads.
        """
        arrays = [
            _Array(
                p.name,
                p.type,
                p.type.size_bytes * math.prod(p.shape),
                ALIGNMENT_BYTES if p.role is Role.STATE else p.type.size_bytes,
            )
            for p in self._function.params
        ]
        whole = _Piece("body", self._function.body, in_worker=False, sizes=self._sizes_if_long(self._function.body))
        body = self._emit_body(arrays, {}, whole)
        entry = self._new_function("entry", [PTR])
        builder = ll.IRBuilder(entry.append_basic_block("entry"))
        table = entry.args[0]
        count = len(arrays)
        pointers = [_cell(builder, table, n, PTR) for n in range(count + 1)]
        threads = _cell(builder, table, count + 1, I64)
        heaps = self._heap_pointers(builder, pointers[-1], int_constant(0), self._function.body, in_worker=False)
        builder.call(body, [*pointers[:-1], *heaps, pointers[-1], threads])
        builder.ret_void()
        return entry

    def _new_function(self, role: str, arguments: Sequence[ll.Type]) -> ll.Function:
        self._function_count += 1
        name = f"tensorlang.{self._function.name}.{role}.{self._function_count}"
        function = ll.Function(self._module, ll.FunctionType(ll.VoidType(), arguments), name)
        function.linkage = "internal"
        function.attributes.add("nounwind")
        return function

    def _sizes_if_long(self, stmt: Stmt) -> Sizes | None:
        return self._sizes if self._sizes.of(stmt) > PART_STORES else None

    def _emit_body(self, arrays: Sequence[_Array], names: Mapping[str, ll.Type], piece: _Piece) -> ll.Function:
        """Emit a body: arguments arrays, heap allocations, names, workspace, threads, and for a task its range."""
        heaps = list(_heap_allocates(piece.stmt, self._workspace, piece.in_worker))
        pointer_count = len(arrays) + len(heaps)
        kinds = [PTR] * pointer_count + list(names.values()) + [PTR, I64] + ([I64, I64] if piece.loop else [])
        body = self._new_function(piece.role, kinds)
        body.attributes.add("noinline")
        is_stored = {child.buffer for child in walk_stmts(piece.stmt) if isinstance(child, Store | Accumulate)}
        storages: dict[str, Storage] = {}
        for array, argument in zip(arrays, body.args, strict=False):
            _describe(argument, array.size_bytes, array.alignment)
            storages[array.name] = Flat(argument, array.type, is_constant=array.name not in is_stored)
        heap_pointers: dict[int, ll.Value] = {}
        for allocate, argument in zip(heaps, body.args[len(arrays) :], strict=False):
            _describe(argument, allocate.size * allocate.type.size_bytes, ALIGNMENT_BYTES)
            heap_pointers[id(allocate)] = argument
        values = body.args[pointer_count:]
        variables = dict(zip([*names, WORKSPACE, THREADS], values, strict=False))
        statements_ = Statements(
            body,
            self._target,
            storages,
            variables,
            lambda allocate: heap_pointers.get(id(allocate)),
            None if piece.in_worker else self._launch,
            piece.sizes,
            lambda outer, stmt: self._call_part(outer, stmt, heap_pointers, in_worker=piece.in_worker),
        )
        if piece.loop:
            statements_.loop(piece.loop.var, values[-2], values[-1], piece.loop.body)
        else:
            statements_.emit(piece.stmt)
        if has_streams(piece.stmt):
            emit_fence(statements_.ops)
        statements_.finish()
        return body

    def _call_part(
        self, outer: Statements, stmt: Stmt, heap_pointers: Mapping[int, ll.Value], *, in_worker: bool
    ) -> bool:
        """Emit `stmt` as a function and call it; False if it uses what only `outer` has, a tile in registers."""
        captures = find_captures(stmt, frozenset())
        storages = {name: outer.storages[name] for name in captures.buffers}
        if any(isinstance(storage, Slots) for storage in storages.values()):
            return False
        arrays, pointers = _as_arrays(storages)
        names = {name: _bound(outer, name).type for name in captures.names}
        part = self._emit_body(arrays, names, _Piece("part", stmt, in_worker))
        heaps = [heap_pointers[id(a)] for a in _heap_allocates(stmt, self._workspace, in_worker)]
        values = [_bound(outer, name) for name in [*names, WORKSPACE, THREADS]]
        outer.builder.call(part, [*pointers, *heaps, *values])
        return True

    def _heap_pointers(
        self, builder: ll.IRBuilder, workspace: ll.Value, start: ll.Value, stmt: Stmt, *, in_worker: bool
    ) -> list[ll.Value]:
        """Addresses of the allocations of `stmt`, whose region of the workspace begins at `start` [B]."""
        region = builder.gep(workspace, [start], source_etype=I8)
        return [
            builder.gep(region, [int_constant(self._workspace.offsets[id(allocate), in_worker])], source_etype=I8)
            for allocate in _heap_allocates(stmt, self._workspace, in_worker)
        ]

    def _launch(self, outer: Statements, loop: For) -> None:
        """Emit a parallel loop: put what its body uses into a closure, and hand a thunk to the launcher."""
        captures = find_captures(loop.body, frozenset({loop.var}))
        arrays, pointers = _as_arrays({name: outer.storages[name] for name in captures.buffers})
        names = {name: _bound(outer, name).type for name in captures.names}
        task = _Piece("task", loop.body, in_worker=True, loop=loop, sizes=self._sizes_if_long(loop.body))
        body = self._emit_body(arrays, names, task)
        thunk = self._emit_thunk(body, len(arrays), tuple(names.values()), loop)
        values = [*pointers, *(_bound(outer, name) for name in [*names, WORKSPACE, THREADS])]
        builder = outer.builder
        tasks = outer.expressions.emit(loop.extent)
        closure = outer.reserve(ll.ArrayType(I64, len(values)), 8)
        for n, value in enumerate(values):
            builder.store(value, builder.gep(closure, [int_constant(n)], source_etype=I64), align=8)
        address = builder.ptrtoint(closure, I64)
        args = [builder.ptrtoint(thunk, I64), address, tasks, values[-1]]
        if has_streams(self._function.body):
            # What was stored before is seen by the threads that start now.
            emit_fence(outer.ops)
        outer.ops.call_external(LAUNCH_SYMBOL, ll.VoidType(), args)

    def _emit_thunk(self, body: ll.Function, array_count: int, kinds: Sequence[ll.Type], loop: For) -> ll.Function:
        """``void(worker, begin, end, closure)``: unpack the closure and run tasks ``[begin, end)``."""
        thunk = self._new_function("thunk", [I64, I64, I64, PTR])
        worker, begin, end, closure = thunk.args
        builder = ll.IRBuilder(thunk.append_basic_block("entry"))
        pointers = [_cell(builder, closure, n, PTR) for n in range(array_count)]
        name_count = len(kinds)
        names = [_cell(builder, closure, array_count + n, kind) for n, kind in enumerate(kinds)]
        workspace = _cell(builder, closure, array_count + name_count, PTR)
        threads = _cell(builder, closure, array_count + name_count + 1, I64)
        start = builder.add(
            builder.mul(worker, int_constant(self._workspace.worker_bytes)), int_constant(self._workspace.shared_bytes)
        )
        heaps = self._heap_pointers(builder, workspace, start, loop.body, in_worker=True)
        builder.call(body, [*pointers, *heaps, *names, workspace, threads, begin, end])
        builder.ret_void()
        return thunk


def _bound(statements: Statements, name: str) -> ll.Value:
    value = statements.scopes.variable(name)
    if value is None:
        raise InternalError(f"code generation: another function uses {name!r}, which is not bound.")
    return value


def _as_arrays(storages: Mapping[str, Storage]) -> tuple[list[_Array], list[ll.Value]]:
    """Buffers as arguments of another function, and the pointers to call it with."""
    arrays: list[_Array] = []
    pointers: list[ll.Value] = []
    for name, storage in storages.items():
        if isinstance(storage, Slots):
            raise InternalError(f"code generation: register array {name!r} is used by a parallel loop.")
        arrays.append(_Array(name, storage.type, 0, storage.type.size_bytes))
        pointers.append(storage.pointer)
    return arrays, pointers


def _cell(builder: ll.IRBuilder, table: ll.Value, position: int, type_: ll.Type) -> ll.Value:
    return builder.load(builder.gep(table, [int_constant(position)], source_etype=I64), align=8, typ=type_)


def _describe(argument: ll.Argument, size_bytes: int, alignment: int) -> None:
    argument.attributes.add("noalias")
    argument.attributes.add("noundef")
    argument.attributes.align = alignment
    if size_bytes:
        argument.attributes.dereferenceable = size_bytes


def _heap_allocates(stmt: Stmt, workspace: Workspace, in_worker: bool) -> Iterator[Allocate]:
    """The allocations in the workspace that belong to this body, each once; a task's belong to the task."""
    seen: set[int] = set()
    for allocate in _own_allocates(stmt, in_worker):
        if (id(allocate), in_worker) in workspace.offsets and id(allocate) not in seen:
            seen.add(id(allocate))
            yield allocate


def _own_allocates(stmt: Stmt, in_worker: bool) -> Iterator[Allocate]:
    if isinstance(stmt, Allocate):
        yield stmt
    if isinstance(stmt, For) and is_launched(stmt) and not in_worker:
        return
    for child in substatements(stmt):
        yield from _own_allocates(child, in_worker)
