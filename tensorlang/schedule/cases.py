"""Directives that give a stage nests of their own for values of Params: specialize and specialize_fail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Call as Read
from tensorlang.ir.expr import CompareOp
from tensorlang.lang.expr import Expr
from tensorlang.schedule.call import Call
from tensorlang.schedule.conditions import Comparison, Condition, ConditionError, Flag, Number, Scalar, condition_of
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import ConditionText, Message
from tensorlang.schedule.nest import CasePlan, Failure, StagePlan
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.reads import reads_of
from tensorlang.schedule.resolved import Placement
from tensorlang.schedule.rules import Family, refuse, rule
from tensorlang.schedule.stages import StageName


@dataclass(frozen=True, slots=True)
class Specialize(Directive):
    """Give a stage a nest of its own for calls whose Params meet a condition.

    The case starts with the loops that the stage has so far; directives given to what `specialize` returns are about
    the case alone, later ones given to the stage about the general nest. At each call the conditions are tried in
    order, and the first that holds decides. Inside its nest the condition is known: a Param that equals a number is
    that number.

    Parameters
    ----------
    condition : str or Expr
        Comparisons of Params with each other and with numbers, as ``"n == 4"``, ``"n % 8 == 0 and scale > 0.5"``,
        ``"not flag"`` or ``n == 4``.

    Raises
    ------
    ScheduleError
        If the condition is not of the grammar of `tensorlang.schedule.conditions`, names something that is no Param of
        the algorithm, compares what has no common type, is that of a case before, or is given to a case.

    Notes
    -----
    Placement and storage are those of the Func in every case. Each case is code of its own, and compile time.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, n = tl.Input("x", (64,), tl.float32), tl.Param("n", tl.int32, min=0, max=32)
    >>> i, f = tl.Var("i"), tl.Func("f")
    >>> f[i] = x[i + n] - x[i]
    >>> s = tl.Schedule(f)
    >>> print(tl.loop_nest(f, s))
    for i in 0..32:
      f[i] = ...
    >>> _ = s[f].specialize("n == 0").vectorize("i", 8)
    >>> print(tl.loop_nest(f, s))
    if n == 0:
      for i in 0..4:
        vectorized i.lane in 0..8:
          f[i * 8 + i.lane] = ...
    else:
      for i in 0..32:
        f[i] = ...
    """

    call: ClassVar[str] = "specialize"
    condition: ConditionText

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(
            check_condition_is_about_params(self, plan.algorithm),
            check_condition_compares_alike(self, plan.algorithm),
            check_case_decides(self, plan.algorithm),
            check_case_differs(self, stage),
            check_case_comes_before_the_failure(self, stage),
        )
        name = replace(stage.name, case=len(stage.cases) + 1)
        nest = replace(stage, name=name, cases=(), failure=None)
        return plan.with_nest(self, replace(stage, cases=(*stage.cases, CasePlan(self, self.condition, nest))))


@dataclass(frozen=True, slots=True)
class SpecializeFail(Directive):
    """Refuse calls that meet the condition of no case, instead of computing the general nest.

    Parameters
    ----------
    message : str
        What the error says.

    Raises
    ------
    ScheduleError
        If the stage has no case, or is refused already.

    Notes
    -----
    The call raises LanguageError before anything is computed.

    Examples
    --------
    >>> import tensorlang as tl
    >>> n, i, f = tl.Param("n", tl.int32), tl.Var("i"), tl.Func("f")
    >>> f[i] = i * n
    >>> s = tl.Schedule(f)
    >>> _ = s[f].specialize("n == 1")
    >>> _ = s[f].specialize_fail("only a step of 1 is scheduled")
    >>> print(tl.loop_nest(f, s, shape=(8,)))
    require n == 1: only a step of 1 is scheduled
    if n == 1:
      for i in 0..8:
        f[i] = ...
    """

    call: ClassVar[str] = "specialize_fail"
    message: Message

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_failure_has_cases(self, stage), check_failure_is_said_once(self, stage))
        return plan.with_nest(self, replace(stage, failure=Failure(self, self.message)))


def param_reads(algorithm: Algorithm) -> dict[str, Read]:
    """The read of each Param of an algorithm, by name."""
    return {item.name: Read(item.name, (), item.type) for item in algorithm.inputs if item.scalar is not None}


def condition_text(given: Expr | str) -> Condition:
    """The condition that a user gives as text or as an expression; a text is left for the record to check."""
    if not isinstance(given, Expr):
        return given  # type: ignore[return-value]
    try:
        return condition_of(given.node)
    except ConditionError:
        return repr(given)  # type: ignore[return-value]


@rule(Family.CASES)
def check_factored_has_no_cases(call: Call, stage: StagePlan) -> ScheduleError | None:
    """A stage is factored before it is given cases."""
    if not stage.cases:
        return None
    return call.error(f"{stage.cases[0].call.asked} was given first.", hint="give rfactor first")


@rule(Family.CASES)
def check_level_is_of_all_cases(call: Call, consumer: StageName) -> ScheduleError | None:
    """A producer is placed, or stored, at a loop of a stage, which all its cases have."""
    if not consumer.case:
        return None
    return call.error(f"{consumer.as_written} is one case.", legal=f"loops of {consumer.general.as_written}")


@rule(Family.CASES)
def check_initialised_cases_are_constant(plan: Plan, stage: StagePlan) -> ScheduleError | None:
    """What is computed at initialisation has cases for values of constant Params, which are known then."""
    if not stage.cases or not _is_initialised(plan, stage.name.func):
        return None
    inputs = {item.name: item for item in plan.algorithm.inputs}
    for case in stage.cases:
        for scalar in case.condition.scalars:
            if not inputs[scalar.name].constant:
                return case.call.error(f"{scalar.name} is not constant.", hint=f'Param("{scalar.name}", constant=True)')
    return None


def _is_initialised(plan: Plan, name: str) -> bool:
    """Whether a Func is computed at initialisation, itself or inside of what is."""
    func = plan.funcs[name]
    match func.placement:
        case Placement.INIT:
            return True
        case Placement.AT if func.level is not None:
            return _is_initialised(plan, func.level.func)
        case Placement.ROOT:
            return False
    users = [user.name for user in plan.algorithm.funcs if user.name != name and name in reads_of(user)]
    return name not in plan.algorithm.outputs and all(_is_initialised(plan, user) for user in users)


@rule(Family.CASES)
def check_case_is_about_loops(call: Directive) -> ScheduleError | None:
    """A case takes directives about its loops."""
    if not call.stage.case or call.is_for_cases:
        return None
    general = call.stage.general.as_written
    return call.error(
        f"{call.stage.as_written} is a case of {general}.", hint=f"s[{general}].{call.method_text(quote_stages=False)}"
    )


@rule(Family.CASES)
def check_condition_is_about_params(call: Specialize, algorithm: Algorithm) -> ScheduleError | None:
    """A condition is about Params that the algorithm reads."""
    known = param_reads(algorithm)
    unknown = [scalar.name for scalar in call.condition.scalars if scalar.name not in known]
    if not unknown:
        return None
    return call.error(f"there is no Param {unknown[0]}.", legal=f"Params: {', '.join(known) or 'none'}")


@rule(Family.CASES)
def check_condition_compares_alike(call: Specialize, algorithm: Algorithm) -> ScheduleError | None:
    """A flag is a bool Param, a remainder that of an integer."""
    reads = param_reads(algorithm)
    for part in call.condition.parts:
        for scalar in part.scalars:
            wrong = _wrong_use(scalar, isinstance(part, Flag), reads[scalar.name]) if scalar.name in reads else ""
            if wrong:
                return call.error(wrong)
    return None


def _wrong_use(scalar: Scalar, is_flag: bool, read: Read) -> str:
    if is_flag and not read.type.is_bool:
        return f"{scalar.name} is {read.type}, and stands alone."
    if scalar.modulus is not None and not read.type.is_integer:
        return f"{scalar.name} is {read.type}, and has no remainder."
    return ""


@rule(Family.CASES)
def check_case_decides(call: Specialize, algorithm: Algorithm) -> ScheduleError | None:
    """A condition holds for some values within the limits of its Params, and not for others."""
    verdicts = [_verdict(part, algorithm) for part in call.condition.parts]
    limits = _limits_text(call, algorithm)
    if False in verdicts:
        return call.error(f"{call.condition.parts[verdicts.index(False)]} never holds.", legal=limits)
    return call.error(f"{call.condition} always holds.", legal=limits) if all(verdicts) else None


def _limits_text(call: Specialize, algorithm: Algorithm) -> str:
    names = dict.fromkeys(scalar.name for scalar in call.condition.scalars)
    spans = {name: _span(Scalar(name), algorithm) for name in names}
    return ", ".join(f"{name} in [{low}, {high}]" for name, (low, high) in spans.items())


def _verdict(part: Flag | Comparison, algorithm: Algorithm) -> bool | None:
    """Whether a part holds for all values within the limits, or for none; None if it depends."""
    if isinstance(part, Flag):
        low, high = _span(Scalar(part.name), algorithm)
        return None if low != high else bool(low) != part.is_negated
    (a, b), (c, d) = _span(part.left, algorithm), _span(part.right, algorithm)
    verdicts = {
        CompareOp.LT: (b < c, a >= d),
        CompareOp.LE: (b <= c, a > d),
        CompareOp.GT: (a > d, b <= c),
        CompareOp.GE: (a >= d, b < c),
        CompareOp.EQ: (a == b == c == d, b < c or d < a),
        CompareOp.NE: (b < c or d < a, a == b == c == d),
    }
    always, never = verdicts[part.op]
    return True if always else False if never else None


def _span(side: Scalar | Number, algorithm: Algorithm) -> tuple[Number, Number]:
    """The least and the greatest value that a side may have; NaN aside."""
    if not isinstance(side, Scalar):
        return side, side
    if side.modulus is not None:
        return 0, side.modulus - 1
    item = algorithm.find_input(side.name)
    if item is None or item.scalar is None:
        return -inf, inf
    low = item.type.minimum if item.scalar.min is None else item.scalar.min
    high = item.type.maximum if item.scalar.max is None else item.scalar.max
    return low, high


@rule(Family.CASES)
def check_case_differs(call: Specialize, stage: StagePlan) -> ScheduleError | None:
    """Each case of a stage has a condition of its own."""
    before = next((case for case in stage.cases if case.condition == call.condition), None)
    if before is None:
        return None
    return call.error(f"{before.nest.name.as_written} has this condition.", hint=f"s[{before.nest.name.as_written}]")


@rule(Family.CASES)
def check_case_comes_before_the_failure(call: Specialize, stage: StagePlan) -> ScheduleError | None:
    """Cases come before specialize_fail."""
    if stage.failure is None:
        return None
    return call.error(f"{stage.failure.call.asked} refuses all other calls.", hint="give specialize_fail last")


@rule(Family.CASES)
def check_failure_has_cases(call: SpecializeFail, stage: StagePlan) -> ScheduleError | None:
    """specialize_fail comes after a case."""
    if stage.cases:
        return None
    return call.error(f"{stage.name.as_written} has no case, so that every call would be refused.")


@rule(Family.CASES)
def check_failure_is_said_once(call: SpecializeFail, stage: StagePlan) -> ScheduleError | None:
    """specialize_fail is said once of a stage."""
    if stage.failure is None:
        return None
    return call.error(f"{stage.failure.call.asked} says it already.")
