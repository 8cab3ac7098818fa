"""The fuzzer, ``python -m tensorlang.fuzz``: random programs under random legal schedules, against the oracle."""
