"""Lowered modules to kernels."""

from __future__ import annotations

from functools import partial

from tensorlang.codegen import Target, compile_function, host_target
from tensorlang.errors import TargetError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.module import BufferParam, Module, Role, input_param
from tensorlang.runtime.kernel import Kernel


def compile_module(
    module: Module,
    *,
    algorithm: Algorithm | None = None,
    schedule: object = None,
    target: Target | None = None,
    lowering_s: float = 0.0,
    cache: bool = True,
    hashes: tuple[str, str] = ("", ""),
) -> Kernel:
    """Return the kernel of a lowered module.

    Parameters
    ----------
    module : Module
    algorithm : Algorithm, optional
        What it was lowered from; gives the order of inputs.
    schedule : object, optional
        Kept as `Kernel.schedule`.
    target : Target, optional
        The host's if not given.
    lowering_s : float
        Kept as `Kernel.lowering_s` [s].
    cache : bool
        Keep machine code on disk, and look for it there.
    hashes : (str, str)
        What `content_hash` gives of its functions ``main`` and ``prepare``, where that is known.

    Raises
    ------
    TargetError
        If `target` has other instructions than this process compiles for.
    """
    chosen = _check_target(target)
    main = compile_function(module.main, chosen, cache=cache, content=hashes[0])
    prepare = compile_function(module.prepare, chosen, cache=cache, content=hashes[1]) if module.prepare else None
    return Kernel(
        module,
        main,
        prepare,
        inputs=_kernel_inputs(module, algorithm),
        algorithm=algorithm,
        schedule=schedule,
        lowering_s=lowering_s,
        cache=cache,
        rebuild=partial(compile_module, module, algorithm=algorithm, schedule=schedule, cache=cache),
    )


def _kernel_inputs(module: Module, algorithm: Algorithm | None) -> tuple[BufferParam, ...]:
    """Inputs of both functions, each once, in the algorithm's order."""
    params = [*module.main.params, *(module.prepare.params if module.prepare else ())]
    inputs = {p.name: p for p in params if p.role is Role.INPUT}
    if algorithm is None:
        return tuple(inputs.values())
    for unread in algorithm.inputs:
        inputs.setdefault(unread.name, input_param(unread))
    return tuple(inputs[i.name] for i in algorithm.inputs)


def _check_target(target: Target | None) -> Target:
    host = host_target()
    if target is None or target.features == host.features and target.cpu_name == host.cpu_name:
        return target or host
    raise TargetError(
        f"This process compiles for {host.name} ({host.cpu_name}), not for {target.name} ({target.cpu_name}).",
        rule="a kernel is loaded into the process that compiles it",
        hint="start Python with NUMBA_CPU_NAME and NUMBA_CPU_FEATURES set to the target wanted",
    )
