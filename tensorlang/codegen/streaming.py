"""Stores past the caches: where the address allows, which a call decides; and their fence."""

from __future__ import annotations

from llvmlite import ir as ll

from tensorlang.codegen.affine import Affine
from tensorlang.codegen.memory import Flat
from tensorlang.codegen.types import I32, I64
from tensorlang.codegen.values import Ops, int_constant
from tensorlang.dtypes import DType
from tensorlang.ir.stmt import Stmt, Store
from tensorlang.ir.visitor import walk_stmts

#: The largest vector that is stored past the caches, at a multiple of itself [B].
_WHOLE_BYTES = 64


def emit_streamed(ops: Ops, value: ll.Value, pointer: ll.Value, storage: Flat, affine: Affine, type_: DType) -> None:
    """Store the dense vector `value`, in its form in memory, at `pointer`, which is place `affine` of `storage`.

    Past the caches where the address is a multiple of the vector, and as any other store elsewhere: pieces of lines
    take twice as long. Where all vectors of the buffer are as aligned as its start is, the start is looked at, which is
    the same in every iteration.
    """
    builder = ops.builder
    size_bytes = type_.lanes * type_.size_bytes
    whole_bytes = min(_WHOLE_BYTES, size_bytes & -size_bytes)
    steps = (affine.constant, *(coefficient for _, coefficient in affine.terms))
    is_regular = all(step * type_.size_bytes % whole_bytes == 0 for step in steps)
    address = builder.ptrtoint(storage.pointer if is_regular else pointer, I64)

    is_aligned = builder.icmp_signed("==", builder.and_(address, int_constant(whole_bytes - 1)), int_constant(0))
    with builder.if_else(is_aligned, likely=True) as (then, otherwise):
        with then:
            made = builder.store(value, pointer, align=whole_bytes)
            made.set_metadata("nontemporal", builder.module.add_metadata([ll.Constant(I32, 1)]))
        with otherwise:
            builder.store(value, pointer, align=type_.size_bytes)


def has_streams(stmt: Stmt) -> bool:
    """Whether there are stores past the caches in `stmt`."""
    return any(isinstance(child, Store) and child.streamed for child in walk_stmts(stmt))


def emit_fence(ops: Ops) -> None:
    """Keep later stores, and what tells other threads, behind stores past the caches, which x86 orders less."""
    if "sse2" in ops.target.features:
        ops.intrinsic("x86.sse.sfence", ll.VoidType(), [], [])
