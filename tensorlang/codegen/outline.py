"""Code shared by its callers: emitted once a module as an internal function, which LLVM inlines where that pays."""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir as ll

from tensorlang.codegen.types import suffix
from tensorlang.codegen.values import Ops


def outlined(
    ops: Ops, name: str, build: Callable[..., ll.Value], *args: ll.Value, attributes: tuple[str, ...] = ()
) -> ll.Value:
    """``build(ops, *args)``, called as the function `name` of these types; its result is like its first argument.

    Parameters
    ----------
    ops : Ops
        Of the caller.
    name : str
        Of the function; its argument types are appended.
    build : callable
        Emits the body: takes the Ops of the new function and its arguments, returns the result.
    attributes : tuple of str
        Of the function, beyond ``nounwind``.
    """
    module = ops.builder.module
    full_name = ".".join(["tensorlang", name, *(suffix(arg.type) for arg in args)])
    function = module.globals.get(full_name)
    if function is None:
        function = _build(ops, full_name, build, [arg.type for arg in args])
        for attribute in ("nounwind", *attributes):
            function.attributes.add(attribute)
    return ops.builder.call(function, args)


def _build(ops: Ops, name: str, build: Callable[..., ll.Value], types: list[ll.Type]) -> ll.Function:
    module = ops.builder.module
    function = ll.Function(module, ll.FunctionType(types[0], types), name)
    function.linkage = "internal"
    builder = ll.IRBuilder(function.append_basic_block("entry"))
    builder.ret(build(Ops(builder, ops.target), *function.args))
    return function
