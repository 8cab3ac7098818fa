"""``python -m tensorlang.fuzz``: the fuzzer as a command, with nothing but tensorlang and Hypothesis."""

from __future__ import annotations

import sys

from tensorlang.errors import TargetError

try:
    from tensorlang.fuzz.command import main
except TargetError as missing:
    sys.exit(str(missing))

if __name__ == "__main__":
    sys.exit(main())
