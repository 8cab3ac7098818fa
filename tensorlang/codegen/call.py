"""Calling machine code from Python: compiled functions that unbox NumPy arrays, fill a kernel's table and call it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

from llvmlite import ir as ll
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tensorlang.codegen.cache import compile_cached
from tensorlang.codegen.fingerprint import codegen_epoch
from tensorlang.codegen.types import I8, I32, I64, PTR, array_type
from tensorlang.codegen.values import int_constant
from tensorlang.dtypes import DType

#: What a caller returns when output number n shares memory with another argument: ``OVERLAP + n``.
OVERLAP = 1
#: What a caller returns when an array does not start at a multiple of its element size.
MISALIGNED = -1


@cache
def make_caller(
    inputs: tuple[tuple[DType, int], ...], outputs: tuple[tuple[DType, int], ...], integer_count: int, *, cache: bool
) -> Any:
    """Return a compiled function ``(function, *inputs, *outputs, *integers) -> int``.

    It calls the code at address `function` with a table of the arrays' addresses and the integers, without the GIL. One
    is compiled for each combination of array types, not for each kernel, so that kernels need no wrappers of their own.

    Parameters
    ----------
    inputs, outputs : tuple of (DType, int)
        Element type and rank of each array; C-contiguous, aligned; outputs writeable.
    integer_count : int
        Number of integers after the arrays: addresses of state buffers, of the workspace, and the threads.
    cache : bool
        Keep it on disk.

    Returns
    -------
    callable
        Gives 0; or, without having called, MISALIGNED, or ``OVERLAP + n`` if output n shares memory with another
        argument. Raises TypeError for arguments of other types.
    """
    array_types = [array_type(t, rank, readonly=True) for t, rank in inputs]
    array_types += [array_type(t, rank, readonly=False) for t, rank in outputs]
    arrays = [f"a{n}" for n in range(len(array_types))]
    integers = [f"i{n}" for n in range(integer_count)]
    array_tuple, integer_tuple = ("(" + "".join(f"{name}, " for name in names) + ")" for names in (arrays, integers))
    source = (
        f'"""A caller of tensorlang kernels, code generator {codegen_epoch()}."""\n\n\n'
        f"def run(function, {', '.join(arrays + integers)}):\n"
        f"    return call_kernel(function, {array_tuple}, {integer_tuple})\n"
    )
    signature = types.intp(types.intp, *array_types, *[types.intp] * integer_count)
    name = "call_" + hashlib.sha256(f"{source} {signature} {len(outputs)}".encode()).hexdigest()[:40]
    namespace = {"call_kernel": _make_call(len(outputs))}
    return compile_cached(name, source, namespace, signature, on_disk=cache).dispatcher


def _make_call(output_count: int) -> Any:
    def call_kernel(typing_context: Any, function: Any, arrays: Any, integers: Any) -> tuple[Any, Any]:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            values = cgutils.unpack_tuple(builder, args[1], len(arrays))
            structures = [context.make_array(t)(context, builder, v) for t, v in zip(arrays, values, strict=True)]
            pointers = [builder.bitcast(s.data, PTR) for s in structures]
            sizes = [builder.mul(s.nitems, s.itemsize) for s in structures]
            widths = [context.get_abi_sizeof(context.get_data_type(t.dtype)) for t in arrays]
            status = _find_overlap(builder, pointers, sizes, output_count)
            status = _find_misaligned(builder, pointers, widths, status)
            is_free = builder.icmp_signed("==", status, int_constant(0))
            with builder.if_then(is_free, likely=True):
                numbers = cgutils.unpack_tuple(builder, args[2], len(integers))
                _emit_call(builder, args[0], [*pointers, *numbers])
            return status

        return types.intp(function, arrays, integers), generate

    return intrinsic(call_kernel)


def _emit_call(builder: Any, function: Any, cells: Sequence[Any]) -> None:
    with builder.goto_entry_block():
        table = builder.alloca(ll.ArrayType(I64, len(cells)))
        unused = builder.alloca(ll.ArrayType(I64, 2))
    table.type = unused.type = PTR
    for n, cell in enumerate(cells):
        builder.store(cell, builder.gep(table, [int_constant(n)], source_etype=I64), align=8)
    kind = ll.FunctionType(I32, [PTR, PTR, I64])
    exception = builder.gep(unused, [int_constant(8)], source_etype=I8)
    builder.call(builder.inttoptr(function, kind.as_pointer()), [unused, exception, builder.ptrtoint(table, I64)])


def _find_overlap(builder: Any, pointers: Sequence[Any], sizes: Sequence[Any], output_count: int) -> Any:
    """0, or OVERLAP + n for an output n that shares bytes with another array."""
    begins = [builder.ptrtoint(p, I64) for p in pointers]
    ends = [builder.add(begin, size) for begin, size in zip(begins, sizes, strict=True)]
    first_output = len(pointers) - output_count
    status = int_constant(0)
    for out in range(first_output, len(pointers)):
        for other in range(out):
            starts_before = builder.icmp_unsigned("<", begins[out], ends[other])
            ends_after = builder.icmp_unsigned("<", begins[other], ends[out])
            code = int_constant(OVERLAP + out - first_output)
            status = builder.select(builder.and_(starts_before, ends_after), code, status)
    return status


def _find_misaligned(builder: Any, pointers: Sequence[Any], widths_bytes: Sequence[int], status: Any) -> Any:
    """MISALIGNED if an array is; Numba lets such arrays through."""
    for pointer, width in zip(pointers, widths_bytes, strict=True):
        rest = builder.and_(builder.ptrtoint(pointer, I64), int_constant(width - 1))
        is_aligned = builder.icmp_signed("==", rest, int_constant(0))
        status = builder.select(is_aligned, status, int_constant(MISALIGNED))
    return status
