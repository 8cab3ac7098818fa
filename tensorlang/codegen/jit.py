"""Lowered functions to machine code: a Numba intrinsic holds a kernel's LLVM, a small njit function holds that."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import llvmlite.binding as llvm
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from tensorlang.codegen.cache import Compiled, compile_cached
from tensorlang.codegen.captures import has_launches
from tensorlang.codegen.fingerprint import fingerprint
from tensorlang.codegen.functions import FunctionEmitter
from tensorlang.codegen.launch import register_launcher
from tensorlang.codegen.target import Target
from tensorlang.codegen.types import PTR
from tensorlang.codegen.workspace import Workspace, plan_workspace
from tensorlang.ir.module import Function
from tensorlang.ir.recursion import deep_recursion

_SOURCE = '''"""A tensorlang kernel, {key}."""


def run(arguments):
    emitted(arguments)
'''


@dataclass(frozen=True)
class CompiledFunction:
    """Machine code of one lowered function.

    Attributes
    ----------
    address : int
        Of code that is called as ``i32(ptr result, ptr exception, i64 table)``: see `tensorlang.codegen.call`. `table`
        is the address of 64-bit cells: buffers in parameter order, workspace, threads (0: as many as Numba uses).
    workspace : Workspace
        How much zeroed, 64-byte-aligned memory a call needs.
    is_parallel : bool
        It launches parallel tasks.
    compile_s : float
        Time that emission and compilation, or loading, took [s].
    from_cache : bool
        It was loaded from disk.
    """

    function: Function
    target: Target
    address: int
    workspace: Workspace
    is_parallel: bool
    compile_s: float
    from_cache: bool
    _compiled: Compiled = field(repr=False)

    def llvm(self) -> str:
        """The optimised LLVM text."""
        if self.from_cache and self._compiled.entry is not None:
            try:
                return self._compiled.entry.with_suffix(".ll").read_text()
            except OSError:
                # The text was removed since: make it again.
                return compile_function(self.function, self.target, cache=False).llvm()
        return self._compiled.library_text()

    def asm(self, *, remarks: bool = False) -> str:
        """The assembly text, made from the LLVM text by the target machine that made the code.

        `remarks` adds LLVM's comments: which loop a block is in, what is a spill.
        """
        machine = cpu_target.target_context.codegen()._tm
        machine.set_asm_verbosity(remarks)
        try:
            return str(machine.emit_assembly(llvm.parse_assembly(self.llvm())))
        finally:
            machine.set_asm_verbosity(False)


@deep_recursion()
def compile_function(function: Function, target: Target, *, cache: bool = True, content: str = "") -> CompiledFunction:
    """Return the machine code of a lowered function, from disk if `cache` and it was compiled before.

    Parameters
    ----------
    function : Function
    target : Target
        Must be the host's as far as instructions go: the code is loaded into this process.
    cache : bool
        Look up and keep compiled code on disk.
    content : str
        The `content_hash` of the function, if it is known.

    Returns
    -------
    CompiledFunction
    """
    start_s = time.perf_counter()
    is_parallel = has_launches(function.body)
    if is_parallel:
        register_launcher()
    key = fingerprint(function, target, content) if cache else "not cached"
    compiled = compile_cached(
        f"{function.name}_{key[:40]}",
        _SOURCE.format(key=key),
        {"emitted": _make_intrinsic(function, target)},
        types.void(types.intp),
        on_disk=cache,
        no_cpython_wrapper=True,
    )
    return CompiledFunction(
        function,
        target,
        compiled.address(),
        plan_workspace(function.body),
        is_parallel,
        time.perf_counter() - start_s,
        compiled.from_cache,
        compiled,
    )


def _make_intrinsic(function: Function, target: Target) -> Any:
    """The kernel as a Numba intrinsic of one argument, the address of its table."""

    def emitted(typing_context: Any, arguments: Any) -> tuple[Any, Any]:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            entry = FunctionEmitter(builder.module, function, target).emit()
            builder.call(entry, [builder.inttoptr(args[0], PTR)])
            return context.get_dummy_value()

        return types.void(arguments), generate

    return intrinsic(emitted)
