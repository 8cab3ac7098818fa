"""The Schedule: an ordered list of directives, written through stage handles, that is compared and kept as data."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType
from typing import TypeAlias

from tensorlang.errors import ScheduleError, TensorlangError, caller_location
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.shapes import ShapeLike, given_shapes
from tensorlang.schedule import json_form
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.examine import examine
from tensorlang.schedule.finish import find_problems
from tensorlang.schedule.handle import StageHandle
from tensorlang.schedule.knobs import ChoiceLike, Knob, distinct_knobs, no_such_knob
from tensorlang.schedule.naming import StageLike, func_name, stage_name
from tensorlang.schedule.plan import Plan, begin
from tensorlang.schedule.replay import as_resolved, carry_out, replay
from tensorlang.schedule.source import to_lines, to_source
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.wrapping import In

Output: TypeAlias = Func | Sequence[Func] | Algorithm
"""What a schedule may be bound to."""


class Schedule:
    """How an algorithm is computed: an ordered tuple of directives, as data.

    Bound to an output, each directive is checked when it is given, and the error points at the user's line; without
    one, or after a hole (`tl.knob`), only its fields are, until it is filled. Either way the schedule names stages and
    loops by name, and can be kept, compared and loaded without the algorithm. Everything is checked again when it is
    compiled.

    Parameters
    ----------
    output : Func, sequence of Func, or Algorithm, optional
        What is to be scheduled. Its Funcs take no further definitions from then on.
    directives : sequence of Directive
        To begin with.

    Raises
    ------
    ScheduleError
        If a directive is not legal for `output`.

    Notes
    -----
    Equality and hash follow the directives, so a schedule that serves as a key is not to be written to any more.

    Examples
    --------
    >>> s = Schedule()
    >>> s["f"].split("i", "io", "ii", 8).vectorize("ii")
    s[f]
    >>> print(s.source())
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 8).vectorize("ii")
    <BLANKLINE>
    """

    __slots__ = ("_algorithm", "_directives", "_plan")

    def __init__(self, output: Output | None = None, directives: Sequence[Directive] = ()) -> None:
        self._directives: tuple[Directive, ...] = ()
        self._algorithm: Algorithm | None = None if output is None else _algorithm(output)
        self._plan: Plan | None = None if self._algorithm is None else begin(self._algorithm)
        for directive in directives:
            self._record(directive)

    @classmethod
    def from_json(cls, text: str, output: Output | None = None) -> Schedule:
        """The schedule that `text`, written by `to_json`, holds. Nothing is executed.

        Parameters
        ----------
        text : str
            At most 1 MiB.
        output : Func, sequence of Func, or Algorithm, optional
            To bind it to.

        Raises
        ------
        ScheduleError
            If the text is not of the grammar of `tensorlang.schedule.json_form`, or a directive is not legal for
            `output`.
        """
        return cls(output, json_form.from_json(text))

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """The holes of the schedule in order of first use, each once; () if it can be compiled."""
        return distinct_knobs(knob for directive in self._directives for knob in directive.knobs)

    @property
    def holes(self) -> tuple[ScheduleError, ...]:
        """The error that says which holes there are, and where the first is; () if the schedule can be compiled."""
        first = next((directive for directive in self._directives if directive.knobs), None)
        return () if first is None else (first.holes_error(self.knobs),)

    def fill(self, choices: Mapping[str, ChoiceLike] = MappingProxyType({}), /, **more: ChoiceLike) -> Schedule:
        """The schedule with knobs replaced by one of their choices each; this one stays as it is.

        Parameters
        ----------
        choices : mapping of str to choice, optional
            By name of knob. A knob that is not named stays a hole.
        **more : choice
            The same, as keyword arguments.

        Returns
        -------
        Schedule
            Bound to the same output, against which names are checked now.

        Raises
        ------
        ScheduleError
            If there is no such knob, it has no such choice, or a directive is not legal as it is filled.

        Examples
        --------
        >>> import tensorlang as tl
        >>> s = tl.Schedule()
        >>> s["f"].split("i", "io", "ii", tl.knob("ti", [4, 8])).unroll("ii", tl.knob("u", [2, 4]))
        s[f]
        >>> s.fill(ti=8)
        s = tl.Schedule()
        s["f"].split("i", "io", "ii", 8).unroll("ii", tl.knob("u", [2, 4]))
        """
        knobs = {knob.name: knob for knob in self.knobs}
        given = {**choices, **more}
        for name in given:
            if name not in knobs:
                raise no_such_knob(name, knobs.values())
        found = {name: knobs[name].find(value) for name, value in given.items()}
        filled = Schedule(self._algorithm)
        for directive in self._directives:
            filled._record(directive.filled(found))
        return filled

    @property
    def directives(self) -> tuple[Directive, ...]:
        """The directives in the order they were given."""
        return self._directives

    def __getitem__(self, stage: StageLike | Input) -> StageHandle:
        """The stage to give directives to: ``s[C]``, ``s[C.update()]``, ``s["C.update(0)"]`` or ``s["C", 1]``.

        Raises
        ------
        ScheduleError
            If `stage` is none of these. Whether there is such a stage is checked with each directive.
        """
        return StageHandle(stage_name(stage), self._record)

    def in_(self, producer: Func | Input | str, consumer: Func | str, name: str) -> StageHandle:
        """Put a copy of `producer`, a new stage called `name`, between it and one consumer; see `In`.

        Returns
        -------
        StageHandle
            The new stage.

        Raises
        ------
        ScheduleError
            As `In`.

        Examples
        --------
        Weights packed once, ahead of all calls: panels of 16 columns, each contiguous in the order of the loops.

        >>> import tensorlang as tl
        >>> x, w = tl.Input("x", (8, 32), tl.float32), tl.Input("w", (32, 64), tl.float32, constant=True)
        >>> (i, j), k, y = tl.vars("i j"), tl.RDom("k", 32), tl.Func("y")
        >>> y[i, j] += x[i, k] * w[k, j]
        >>> s = tl.Schedule(y)
        >>> packed = s.in_(w, y, "packed").compute_at_init()
        >>> packed.split_storage("j", "jo", "ji", 16).reorder_storage("jo", "k", "ji")
        s[packed]
        >>> print(tl.loop_nest(y, s))
        initialisation:
          store packed[4, 32, 16] in state
          for k in 0..32:
            for j in 0..64:
              packed[k, j] = ...
        for i in 0..8:
          for j in 0..64:
            y[i, j] = ...
        for i in 0..8:
          for j in 0..64:
            for k in 0..32:
              y[i, j] = ...
        """
        new = name if isinstance(name, StageName) else StageName(name)
        self._record(In(new, func_name(producer), func_name(consumer), where=caller_location()))
        return StageHandle(new, self._record)

    def bind(self, output: Output) -> Schedule:
        """Check the directives against `output`, and those that will follow as they are given; returns the schedule.

        Raises
        ------
        ScheduleError
            The first directive that is not legal; the schedule is then left as it was.
        """
        algorithm = _algorithm(output)
        whole = list(takewhile(lambda directive: not directive.knobs, self._directives))
        plan, problems = replay(algorithm, whole)
        for problem in problems:
            raise problem
        self._algorithm, self._plan = algorithm, plan if len(whole) == len(self._directives) else None
        return self

    def check(
        self, output: Output | None = None, *, shape: ShapeLike | None = None, numerics: str = "fast"
    ) -> tuple[TensorlangError, ...]:
        """Every problem that compiling would stop at, one after the other.

        Parameters
        ----------
        output : Func, sequence of Func, or Algorithm, optional
            What to check against; if omitted, what the schedule is bound to.
        shape : tuple of int, or mapping from output name to one, optional
            As for `tl.compile`.
        numerics : {"fast", "strict"}
            As for `tl.compile`.

        Returns
        -------
        tuple of TensorlangError
            The holes, if there are any. Else first the directives that are refused, in order; then what is wrong with
            those that are left together; then what their regions and extents show. A directive is named once.

        Raises
        ------
        ScheduleError
            If there is no output to check against.
        LanguageError
            If `shape` does not fit.

        Examples
        --------
        >>> import tensorlang as tl
        >>> f, i = tl.Func("f"), tl.Var("i")
        >>> f[i] = i * 2
        >>> s = Schedule()
        >>> s["f"].parallel("j").split("i", "io", "ii", 100, tail="shift_inwards")
        s[f]
        >>> for problem in s.check(f, shape=(64,)):
        ...     print(problem.message)
        s[f].parallel("j"): f has no loop j.
        tail shift_inwards of the split of i in f is not legal: its extent is 64, the factor 100.
        """
        algorithm = self._algorithm if output is None else _algorithm(output)
        if algorithm is None:
            raise ScheduleError(
                "the schedule is bound to no output, so its names mean nothing yet.",
                asked="s.check()",
                where=caller_location(),
                legal="s.check(output) | s.bind(output)",
            )
        if holes := self.holes:
            return holes
        given = given_shapes(algorithm, shape)
        plan, refused = replay(algorithm, self._directives)
        problems = refused + find_problems(plan)
        blamed = {(problem.asked, problem.where) for problem in problems}
        found = examine(as_resolved(_sound(algorithm, self._directives, plan)), given, numerics)
        return problems + tuple(error for error in found if not error.asked or (error.asked, error.where) not in blamed)

    def copy(self) -> Schedule:
        """An independent schedule of the same directives, bound to the same output."""
        twin = Schedule()
        twin._algorithm, twin._directives, twin._plan = self._algorithm, self._directives, self._plan
        return twin

    def to_json(self) -> str:
        """One line of JSON; equal schedules give equal text."""
        return json_form.to_json(self._directives)

    def source(self, name: str = "s") -> str:
        """The Python that builds this schedule, called `name`, where ``import tensorlang as tl`` has been said."""
        return to_source(self._directives, name)

    def diff(self, other: Schedule) -> str:
        """The directives to take from this schedule (``-``) and to add (``+``) to get `other`; "" if they are equal."""
        lines = difflib.unified_diff(to_lines(self._directives), to_lines(other._directives), n=0, lineterm="")
        # The first two lines are the names of files, which schedules do not have.
        return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))

    def __eq__(self, other: object) -> bool:
        return self._directives == other._directives if isinstance(other, Schedule) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._directives)

    def __repr__(self) -> str:
        return self.source().rstrip("\n")

    def _record(self, directive: Directive) -> int:
        """Carry out and keep a directive; return the number of those of its kind that its stage has been given."""
        if directive.knobs:
            directive.check_knobs_agree(self.knobs)
            self._plan = None  # what follows a hole is checked when it is filled
        if self._plan is not None:
            self._plan = carry_out(directive, self._plan)
        self._directives += (directive,)
        return sum(type(before) is type(directive) and before.stage == directive.stage for before in self._directives)


def _algorithm(output: Output) -> Algorithm:
    return output if isinstance(output, Algorithm) else build_algorithm(output)


def _sound(algorithm: Algorithm, directives: tuple[Directive, ...], plan: Plan) -> Plan:
    """A plan of `directives` without those that are to blame for the problems of `plan`, so that others show."""
    while problems := find_problems(plan):
        blamed = {(problem.asked, problem.where) for problem in problems}
        kept = tuple(directive for directive in directives if (directive.asked, directive.where) not in blamed)
        assert len(kept) < len(directives), "a problem of a plan names its directive"
        directives = kept
        plan, _ = replay(algorithm, directives)
    return plan
