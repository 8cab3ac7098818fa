"""Addresses of elements: the variable part emitted once a region and shared, the constant part folded in."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from llvmlite import ir as ll

from tensorlang.codegen.affine import Affine
from tensorlang.codegen.memory import Flat, shift
from tensorlang.codegen.scopes import Scopes
from tensorlang.codegen.types import memory_element
from tensorlang.codegen.values import int_constant
from tensorlang.ir.expr import Expr, Variable
from tensorlang.ir.visitor import free_variables


class Addresses:
    """Emission of affine index values and of the pointers they make.

    Sums are built from the terms of outer loops to those of inner ones, so that LLVM hoists every part as far as it
    goes, and unrolled copies of an access share one register and differ by a displacement.
    """

    def __init__(
        self,
        builder: ll.IRBuilder,
        scopes: Scopes,
        emit: Callable[[Expr], ll.Value],
        is_volatile: Callable[[Expr], bool],
    ) -> None:
        self._builder = builder
        self._scopes = scopes
        self._emit = emit
        self._is_volatile = is_volatile

    def emit_affine(self, affine: Affine) -> ll.Value:
        """The value of lane 0 of an affine form."""
        value: ll.Value | None = None
        for term in self._outermost_first(affine):
            scaled = self._scaled(*term)
            value = scaled if value is None else self._builder.add(value, scaled)
        if value is None:
            return int_constant(affine.constant)
        return self._builder.add(value, int_constant(affine.constant)) if affine.constant else value

    def _scaled(self, atom: Expr, coefficient: int) -> ll.Value:
        value = self._emit(atom)
        if coefficient == 1:
            return value
        key = ("scaled", atom, coefficient)
        scaled = self._scopes.get(key)
        if scaled is None:
            scaled = self._builder.mul(value, int_constant(coefficient))
            self._remember(key, scaled, (atom,))
        return scaled

    def element_pointer(self, storage: Flat, affine: Affine) -> ll.Value:
        """The address of lane 0: the variable part, outer loops first, shared by all its users; then the constant."""
        pointer = storage.pointer
        terms = self._outermost_first(affine)
        for count in range(1, len(terms) + 1):
            # Not by its name: unrolled copies of an allocation have one name, and memory of their own.
            key = ("address", storage.pointer, terms[:count])
            known = self._scopes.get(key)
            if known is None:
                step = self._scaled(*terms[count - 1])
                known = self._builder.gep(pointer, [step], source_etype=memory_element(storage.type))
                self._remember(key, known, tuple(atom for atom, _ in terms[:count]))
            pointer = known
        return shift(self._builder, pointer, affine.constant, storage.type)

    def _remember(self, key: Hashable, value: ll.Value, atoms: tuple[Expr, ...]) -> None:
        """Keep a value for its region, unless it depends on memory that is written (an index may be loaded)."""
        if not any(self._is_volatile(atom) for atom in atoms):
            self._scopes.put(key, value)

    def _outermost_first(self, affine: Affine) -> tuple[tuple[Expr, int], ...]:
        if len(affine.terms) < 2:
            return affine.terms
        return tuple(sorted(affine.terms, key=lambda term: self._depth(term[0])))

    def _depth(self, expr: Expr) -> int:
        if isinstance(expr, Variable):
            return self._scopes.depth(expr.name)
        return max((self._scopes.depth(name) for name in free_variables(expr)), default=0)
