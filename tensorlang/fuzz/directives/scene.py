"""A random schedule while it grows: the plan so far, what is known of its loops, and what has been refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from tensorlang.errors import TensorlangError
from tensorlang.fuzz.chance import Chance
from tensorlang.fuzz.directives.facts import Facts, find_facts, follow, roots
from tensorlang.fuzz.directives.uses import legal_path
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.finish import is_inlined
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.plan import Plan, begin
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.tails import TailStrategy

MOST_COPIES = 24
"""Of one stage's body, by unrolling: each takes time to compile."""


class Scene:
    """The schedule so far.

    Attributes
    ----------
    plan : Plan
        After all `directives`.
    facts : Facts
        What bounds inference said when it was last asked and had no objection.
    refused : Counter of str
        By the rule that refused; what was refused is not in the plan.
    goals : collection of str
        Directives and tails to give where there is a choice.
    """

    def __init__(
        self, chance: Chance, algorithm: Algorithm, shapes: Mapping[str, tuple[int, ...]], goals: Collection[str] = ()
    ) -> None:
        self.chance, self.shapes, self.goals = chance, shapes, frozenset(goals)
        self.original = algorithm
        self.plan: Plan = begin(algorithm)
        self.directives: list[Directive] = []
        self.refused: Counter[str] = Counter()
        self.drawn: Counter[str] = Counter()
        self.facts = Facts()
        # Stages whose loops have been drawn.
        self.visited: set[StageName] = set()
        self._copies: dict[StageName, int] = {}

    def give(self, directive: Directive) -> bool:
        """Record a directive unless it is refused; whether it was recorded."""
        self.drawn[directive.call] += 1
        try:
            self.plan = directive.apply(self.plan)
        except TensorlangError as problem:
            self.note_refusal(problem)
            return False
        self.directives.append(directive)
        return True

    def note_refusal(self, problem: TensorlangError) -> None:
        """Count a refusal by its rule."""
        self.refused[problem.rule or problem.message] += 1

    def withdraw(self, asked: str) -> bool:
        """Take back the directives that read as `asked`, and those that are then refused; whether there was any."""
        kept = [directive for directive in self.directives if directive.asked != asked]
        if len(kept) == len(self.directives):
            return False
        self.use(kept)
        return True

    def use(self, directives: Collection[Directive]) -> None:
        """Begin again with these directives, leaving out those that are now refused."""
        self.plan = begin(self.original)
        self.directives = []
        for directive in directives:
            try:
                self.plan = directive.apply(self.plan)
            except TensorlangError:
                continue
            self.directives.append(directive)

    # What is there

    def funcs(self) -> list[str]:
        """Names of all Funcs, consumers first."""
        return [func.name for func in reversed(self.plan.algorithm.funcs)]

    def stages(self, func: str) -> list[StageName]:
        """The stages of a Func in order."""
        return [StageName(func, index) for index in range(len(self.plan.algorithm.func(func).definitions))]

    def stage(self, name: StageName) -> StagePlan:
        """The loop nest of a stage so far."""
        return self.plan.stages[name.general].nests[name.case]

    def is_output(self, func: str) -> bool:
        """Whether a Func is an output."""
        return func in self.plan.algorithm.outputs

    def is_inlined(self, func: str) -> bool:
        """Whether a Func has no loops as things stand."""
        return is_inlined(self.plan, func)

    def free_loops(self, name: StageName) -> list[LoopPlan]:
        """The loops of a stage that still run serially."""
        return [loop for loop in self.stage(name).loops if loop.kind is LoopKind.SERIAL]

    def has_vector(self, name: StageName) -> bool:
        """Whether a loop of the stage is vectorized."""
        return any(loop.kind is LoopKind.VECTORIZED for loop in self.stage(name).loops)

    def new_names(self, name: StageName, *wanted: str) -> tuple[str, ...]:
        """Names for new loops of a stage, near those wanted."""
        taken = set(self.stage(name).made_by)
        names = []
        for text in wanted:
            base, number = text.replace(".", "_"), 0
            while (text if number == 0 else f"{base}{number}") in taken or not text.isidentifier():
                number += 1
                text = base
            chosen = text if number == 0 else f"{base}{number}"
            taken.add(chosen)
            names.append(chosen)
        return tuple(names)

    # What follows from it

    def sites(self, func: str) -> list[tuple[StageName, str]]:
        """The loops at which a Func may be computed, outermost first, as names tell."""
        return list(legal_path(self.plan, func))

    def infer(self) -> TensorlangError | None:
        """Ask bounds inference about the plan as it is; its first problem, if there is one.

        It takes longer than all else, so that it is asked once for each Func: directives about the loops of a stage do
        not change what is known of its dimensions.
        """
        facts = find_facts(self.plan, self.shapes)
        if facts.problem is None:
            self.facts = facts
        return facts.problem

    def extents(self, name: StageName) -> dict[str, int | None]:
        """The extents of the loops of a stage, so far as they are known."""
        return self._followed(name)[0]

    def extent(self, name: StageName, loop: str) -> int | None:
        """The extent of a loop, if it is a known constant."""
        return self.extents(name).get(loop)

    def undivided_tails(self) -> list[TailStrategy]:
        """The tail of each split whose factor does not divide its extent."""
        names = [nest.name for stage in self.plan.stages.values() for nest in stage.nests]
        return [tail for name in names for tail in self._followed(name)[1]]

    def _followed(self, name: StageName) -> tuple[dict[str, int | None], list[TailStrategy]]:
        sizes = self.facts.sizes.get(name.general, {})
        if sizes.keys() != set(roots(self.plan, name)):
            # It is not computed, or is another definition since it was looked at.
            return {}, []
        return follow(self.stage(name).transforms, sizes)

    def may_copy(self, name: StageName, count: int) -> bool:
        """Whether the body of a stage may be unrolled another `count` times; if so it counts as done."""
        copies = self._copies.get(name, 1) * count
        if copies > MOST_COPIES:
            return False
        self._copies[name] = copies
        return True
