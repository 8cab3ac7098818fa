"""The compiled kernel: checks arrays, finds workspace, calls machine code; and tells what it is made of."""

from __future__ import annotations

import functools
import operator
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, SupportsIndex, TypeAlias

import numba
import numpy as np

from tensorlang.codegen import MISALIGNED, OVERLAP, CompiledFunction, Target, launches_are_thread_safe, make_caller
from tensorlang.errors import LanguageError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.module import BufferParam, Module, Requirement, Role
from tensorlang.runtime.arguments import as_stored, bind_arguments, check_array, collect_outputs
from tensorlang.runtime.buffers import Argument, Array, address, empty_aligned, zeros_aligned
from tensorlang.runtime.requirements import Requirements
from tensorlang.runtime.scalars import as_argument, defaults, scalar_readers
from tensorlang.runtime.state import State
from tensorlang.runtime.workspace import WorkspacePool

_launch_lock = threading.Lock()
_Pick: TypeAlias = Callable[[tuple[Argument, ...]], tuple[Argument, ...]]


class Kernel:
    """Machine code for one algorithm, schedule and set of shapes; made by `tensorlang.compile`.

    A kernel holds code only. Several Python threads may call it at once, and layers of one shape may share it.

    Attributes
    ----------
    module : Module
        The lowered loop nests.
    algorithm : Algorithm or None
    schedule : object
        What it was lowered from (None if made from a module by hand).
    target : Target
    inputs, outputs : tuple of BufferParam
        What a call without state takes, in order, and what it gives.
    lowering_s, compile_s : float
        Times that lowering, and code generation or loading, took [s].
    from_cache : bool
        The code was loaded from disk.
    """

    def __init__(
        self,
        module: Module,
        main: CompiledFunction,
        prepare: CompiledFunction | None,
        *,
        inputs: tuple[BufferParam, ...],
        algorithm: Algorithm | None,
        schedule: object,
        lowering_s: float,
        cache: bool,
        rebuild: Callable[[], Kernel],
    ) -> None:
        self._rebuild = rebuild
        self.module = module
        self.algorithm = algorithm
        self.schedule = schedule
        self.target: Target = main.target
        self.inputs = inputs
        self.outputs = tuple(p for p in module.main.params if p.role is Role.OUTPUT)
        self.lowering_s = lowering_s
        self.from_cache = main.from_cache and (prepare is None or prepare.from_cache)
        start_s = time.perf_counter()
        self._main = _Entry(main, module.requirements, cache)
        self._prepare = _Entry(prepare, module.requirements, cache) if prepare else None
        callers_s = time.perf_counter() - start_s
        self.compile_s = callers_s + main.compile_s + (prepare.compile_s if prepare else 0.0)
        self._layout = tuple(p for p in module.main.params if p.role is Role.STATE)
        self._names = tuple(p.name for p in inputs)
        self._defaults = defaults(inputs)
        self._main_names = tuple(p.name for p in self._main.arrays if p.role is Role.INPUT)
        self._orders: dict[tuple[str, ...], tuple[tuple[str, ...], _Pick]] = {}
        self._is_direct = prepare is None and self._names == self._main_names

    def __repr__(self) -> str:
        inputs = ", ".join(f"{p.name}: {p.type}{'' if p.scalar else list(p.shape)}" for p in self.inputs)
        outputs = ", ".join(f"{p.name}: {p.type}{list(p.shape)}" for p in self.outputs)
        return f"<Kernel ({inputs}) -> ({outputs}) for {self.target.name}>"

    def __reduce__(self) -> tuple[Callable[[], Kernel], tuple[()]]:
        # Code is at an address of this process: a copy elsewhere is compiled, or loaded from the cache, anew.
        return self._rebuild, ()

    def __call__(
        self,
        *arrays: Argument,
        out: Any = None,
        state: State | None = None,
        threads: SupportsIndex | None = None,
        **by_name: Argument,
    ) -> Any:
        """Run the kernel.

        Parameters
        ----------
        *arrays, **by_name : ndarray, or number for a Param
            The inputs, arrays C-contiguous, in the order of `inputs` or by name; with `state`, those it does not stand
            for. A Param that has a default may be left out.
        out : ndarray, or sequence or mapping of them, optional
            Where the outputs go; must not share memory with each other or the inputs. New arrays if not given.
        state : State, optional
            What `prepare` gave. Without it a kernel that has an initialisation runs it anew in every call.
        threads : int, optional
            Workers of parallel loops; what ``numba.get_num_threads()`` says if not given.

        Returns
        -------
        ndarray, or tuple of them if there are several outputs

        Raises
        ------
        LanguageError
            If an argument is missing or does not fit, or `threads` is out of range.
        """
        given, state = self._bind(arrays, by_name, state)
        outs = self._outputs(out)
        integers = state.addresses if state is not None else ()
        self._main.run((*given, *outs), integers, 0 if threads is None else _check_threads(threads))
        return outs[0] if len(outs) == 1 else outs

    def prepare(self, *arrays: Argument, **by_name: Argument) -> State:
        """Run the initialisation: what depends on constant inputs only.

        Parameters
        ----------
        *arrays, **by_name : ndarray
            The constant inputs, in the order of `inputs` or by name. Those that the kernel itself reads too may be left
            out; if given, the state keeps a reference and calls need not pass them.

        Returns
        -------
        State

        Raises
        ------
        LanguageError
            If an array is missing or does not fit.
        """
        constants = [p for p in self.inputs if p.constant]
        needed = {p.name for p in self._prepare.arrays} if self._prepare else set()
        names = [p.name for p in constants]
        present = [n for place, n in enumerate(names) if n in needed or n in by_name or place < len(arrays)]
        given = dict(zip(present, bind_arguments(present, arrays, by_name, self._defaults), strict=True))
        bound = {p.name: as_argument(p, given[p.name]) for p in constants if p.name in given}
        buffers = tuple(zeros_aligned(p.shape, p.type) for p in self._layout)
        addresses = tuple(address(buffer) for buffer in buffers)
        if self._prepare:
            self._prepare.run(tuple(bound[p.name] for p in self._prepare.arrays), addresses, 0)
        kept = {p.name: bound[p.name] for p in constants if p.name in bound and p.name in self._main_names}
        for param in constants:
            if param.name in kept:
                check_array(kept[param.name], param)
        return State(self._layout, buffers, addresses, kept)

    def bare(
        self,
        *arrays: Argument,
        out: Any = None,
        state: State | None = None,
        threads: SupportsIndex | None = None,
        **by_name: Argument,
    ) -> Callable[[], object]:
        """Return a function of no arguments that runs the compiled code on these arrays and nothing else: for timing.

        Everything is checked once, here. The function keeps its arrays and a workspace; it may not be called from two
        threads at once. Its result means nothing.
        """
        given, state = self._bind(arrays, by_name, state)
        outs = self._outputs(out)
        integers = state.addresses if state is not None else ()
        run = self._main.bind((*given, *outs), integers, 0 if threads is None else _check_threads(threads))
        run.keep = (state, outs)  # type: ignore[attr-defined]
        return run

    def llvm(self, function: str = "main") -> str:
        """The optimised LLVM text of ``"main"`` or ``"prepare"``."""
        return self._compiled(function).llvm()

    def asm(self, function: str = "main", *, remarks: bool = False) -> str:
        """The assembly text of ``"main"`` or ``"prepare"``; with LLVM's comments on loops and spills if `remarks`."""
        return self._compiled(function).asm(remarks=remarks)

    @property
    def workspace_bytes(self) -> int:
        """Scratch memory of a call with as many threads as Numba may use [B]."""
        return self._main.pool.size_bytes

    def scratch_bytes(self, threads: int = 1) -> int:
        """Memory for intermediate results of a call on `threads` threads, workspace and stack [B].

        Parameters
        ----------
        threads : int, >= 1

        Returns
        -------
        int
            All that Funcs are stored in; what is kept in registers is not counted. Each piece is padded to 64 bytes.
        """
        return self._main.code.workspace.scratch_bytes(threads if self._main.code.is_parallel else 1)

    @property
    def state_bytes(self) -> int:
        """Memory of a prepared state [B]."""
        return sum(p.shape[0] * p.type.size_bytes for p in self._layout)

    def _compiled(self, function: str) -> CompiledFunction:
        entries = {"main": self._main, "prepare": self._prepare}
        entry = entries.get(function)
        if entry is None:
            known = [name for name, known_entry in entries.items() if known_entry]
            raise LanguageError(f"The kernel has no function {function!r}.", legal=" | ".join(known))
        return entry.code

    def _bind(
        self, arrays: tuple[Argument, ...], by_name: Mapping[str, Argument], state: State | None
    ) -> tuple[tuple[Argument, ...], State | None]:
        """The arrays that the main function takes, and the state, made for this call if it is not given."""
        if state is None:
            if self._is_direct and not by_name and len(arrays) == len(self._names):
                return arrays, None
            bound = dict(zip(self._names, bind_arguments(self._names, arrays, by_name, self._defaults), strict=True))
            if self._prepare is not None:
                state = self.prepare(**{p.name: bound[p.name] for p in self._prepare.arrays})
            return tuple(bound[name] for name in self._main_names), state
        if not isinstance(state, State) or state.layout is not self._layout and state.layout != self._layout:
            raise LanguageError(
                "The state was prepared by another kernel.", hint="pass what this kernel's prepare() gave"
            )
        constants = state.constants
        free, pick = self._order(tuple(constants))
        given = arrays if not by_name and len(arrays) == len(free) else None
        if given is None:
            given = bind_arguments(free, arrays, by_name, self._defaults)
        return pick((*given, *constants.values())) if constants else given, state

    def _order(self, constants: tuple[str, ...]) -> tuple[tuple[str, ...], _Pick]:
        """The names that a call gives where a state holds `constants`; what puts both in the order of the function."""
        order = self._orders.get(constants)
        if order is None:
            free = tuple(name for name in self._main_names if name not in constants)
            places = {name: place for place, name in enumerate((*free, *constants))}
            order = free, _picker([places[name] for name in self._main_names])
            self._orders[constants] = order
        return order

    def _outputs(self, out: Any) -> tuple[Array, ...]:
        """What ``out=`` gave, in order, or new arrays."""
        if type(out) is np.ndarray and len(self.outputs) == 1:
            return (out,)
        if out is None:
            return tuple(empty_aligned(p.shape, p.type) for p in self.outputs)
        return collect_outputs(out, self.outputs)


def _picker(places: list[int]) -> _Pick:
    """A function from a tuple to the tuple of its items at `places`."""
    if len(places) == 1:
        # For one place itemgetter gives the item itself.
        place = places[0]
        return lambda items: (items[place],)
    return operator.itemgetter(*places)


class _Entry:
    """One function of a kernel with what calling it takes: the unboxing caller, the workspaces, the lock if needed."""

    def __init__(self, code: CompiledFunction, requirements: tuple[Requirement, ...], cache: bool) -> None:
        params = code.function.params
        self.code = code
        self.arrays = tuple(p for p in params if p.role is not Role.STATE)
        self.pool = WorkspacePool(code.workspace.total_bytes(numba.config.NUMBA_NUM_THREADS if code.is_parallel else 1))
        self._shapes = tuple(p.shape for p in self.arrays)
        self._scalars = scalar_readers(self.arrays)
        self._requirements = Requirements(requirements, self.arrays)
        self._is_plain = not self._scalars and not self._requirements.are_any
        self._has_stored = any(p.type.is_storage_only for p in self.arrays)
        caller = make_caller(
            tuple((p.type, len(p.shape)) for p in self.arrays if p.role is Role.INPUT),
            tuple((p.type, len(p.shape)) for p in self.arrays if p.role is Role.OUTPUT),
            len(params) - len(self.arrays) + 2,
            cache=cache,
        )
        self._call: Callable[..., int] = functools.partial(caller, code.address)
        if code.is_parallel and not launches_are_thread_safe():
            self._call = functools.partial(_call_alone, self._call)

    def run(self, given: tuple[Argument, ...], integers: tuple[int, ...], threads: int) -> None:
        """Check the arrays and call the code."""
        arrays: tuple[Any, ...] = given if self._is_plain else self._with_scalars(given)
        stored = self._check(arrays)
        block = self.pool.acquire()
        try:
            status = self._call(*stored, *integers, block.address, threads)
        except TypeError:
            self._explain(arrays)
            raise
        finally:
            self.pool.release(block)
        if status == MISALIGNED:
            self._explain(arrays)
        elif status:
            self._raise_overlap(status)

    def bind(self, given: tuple[Argument, ...], integers: tuple[int, ...], threads: int) -> functools.partial[Any]:
        """The call with everything in place; the workspace is the function's own."""
        arrays = self._with_scalars(given)
        stored = self._check(arrays)
        for array, param in zip(arrays, self.arrays, strict=True):
            check_array(array, param)
        block = self.pool.acquire()
        run = functools.partial(self._call, *stored, *integers, block.address, threads)
        run.workspace = block  # type: ignore[attr-defined]
        return run

    def _with_scalars(self, given: tuple[Argument, ...]) -> tuple[Array, ...]:
        """The arguments with numbers made arrays."""
        made: list[Any] = list(given)
        for place, read in self._scalars:
            made[place] = read(made[place])
        self._requirements.check(made)
        return tuple(made)

    def _check(self, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """Shapes, as the caller checks the rest; also the types that it cannot tell from their bits."""
        try:
            is_fitting = tuple([array.shape for array in arrays]) == self._shapes
        except AttributeError:
            is_fitting = False
        if not is_fitting or self._has_stored:
            self._explain(arrays)
        if self._has_stored:
            return tuple(as_stored(array, p.type) for array, p in zip(arrays, self.arrays, strict=True))
        return arrays

    def _explain(self, arrays: tuple[Array, ...]) -> None:
        for array, param in zip(arrays, self.arrays, strict=True):
            check_array(array, param)

    def _raise_overlap(self, status: int) -> None:
        outputs = [p for p in self.arrays if p.role is Role.OUTPUT]
        name = outputs[status - OVERLAP].name
        raise LanguageError(
            f"output {name!r} shares memory with another argument.",
            rule="a kernel may read inputs after it began to write outputs",
            hint="pass another array as out=",
        )


def _call_alone(call: Callable[..., int], *args: Any) -> int:
    """Call with no other parallel kernel running: Numba's workqueue layer aborts otherwise."""
    with _launch_lock:
        return call(*args)


def _check_threads(threads: object) -> int:
    most = numba.config.NUMBA_NUM_THREADS
    if type(threads) is int and 1 <= threads <= most:
        return threads
    if not isinstance(threads, int | np.integer) or isinstance(threads, bool) or not 1 <= threads <= most:
        raise LanguageError(
            f"threads={threads!r} is not a number of threads.",
            legal=f"1 to {most}",
            hint="set NUMBA_NUM_THREADS before the first import for more",
        )
    return int(threads)
