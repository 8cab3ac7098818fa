"""What a worker reports of the machine it runs on, and what makes two machines measure for each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schedules import Hardware, Toolchain
from tensorlang.codegen.target import Target


@dataclass(frozen=True)
class Kind:
    """Machines that are alike: what was measured on one counts for the others, and for no machine of another kind.

    Attributes
    ----------
    hardware : Hardware
        With as many threads as cores.
    target : Target
        What kernels are compiled for there.
    toolchain : Toolchain
        What makes kernels there.
    """

    hardware: Hardware
    target: Target
    toolchain: Toolchain

    def with_threads(self, threads: int) -> Hardware:
        """The hardware as records and studies name it, for kernels that run with so many threads."""
        return replace(self.hardware, threads=threads)

    def __str__(self) -> str:
        return f"{self.hardware.class_name} with {self.hardware.cores} cores"


@dataclass(frozen=True)
class Report:
    """A worker's answer to where it runs.

    Attributes
    ----------
    machine : str
        Tells the machine from any other. Workers of one machine share its only measuring slot.
    kind : Kind
    facts : mapping of str to str
        From `autotune.machine.describe_machine`, for records.
    """

    machine: str
    kind: Kind
    facts: Mapping[str, str]


def why_unfit(kind: Kind, here: Toolchain) -> str:
    """Return why a machine cannot measure for a controller with the toolchain `here`; "" if it can.

    Schedules are made by the controller and compiled by the worker: both must mean the same by them. What launches
    parallel loops may differ.
    """
    there = kind.toolchain
    for what, ours, theirs in (
        ("tensorlang's code generator", here.codegen_epoch, there.codegen_epoch),
        ("numba", here.numba, there.numba),
        ("llvmlite", here.llvmlite, there.llvmlite),
    ):
        if ours != theirs:
            return f"it has {what} {theirs}, the controller {ours}"
    return ""
