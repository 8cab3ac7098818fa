"""Tuning: measuring in a killable child process, the search, networks, reports and the `autotune` command.

Importing this package imports none of its parts; looking up a tuned schedule (`schedules.lookup`) needs none of it.
"""
