"""The child that runs cases: takes their names from its input, one a line, and answers each with a line of JSON."""

from __future__ import annotations

import faulthandler
import importlib
import os
import signal
import sys
from collections.abc import Sequence

from tensorlang.fuzz.calling import call_by_ctypes
from tensorlang.fuzz.case import parse_case
from tensorlang.fuzz.player import play_case
from tensorlang.fuzz.result import result_of


def main(arguments: Sequence[str]) -> None:
    """Answer until the input ends; ``MODULE:NAME`` as an argument has ``MODULE.plant(NAME)`` called first."""
    faulthandler.enable()
    # The parent asks by this signal where a case that takes too long is.
    faulthandler.register(signal.SIGUSR1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What a library prints goes to stderr; stdout is for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    call_by_ctypes()
    for argument in arguments:
        module, _, name = argument.partition(":")
        importlib.import_module(module).plant(name)
    for line in sys.stdin:
        result = result_of(*play_case(parse_case(line.strip())))
        answers.write(result.to_json() + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
