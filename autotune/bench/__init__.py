"""Side-by-side timing of layers: ours, with default and with tuned schedules, against other people's libraries.

How a comparison is made:

* Every implementation runs in a process of its own, which lives as long as one comparison. All are started alike: the
  same CPUs, the same number of threads, the same arrays.
* Before anything is timed, every implementation computes the layer once, and the answers are compared.
* Rounds are interleaved: in each round every implementation has its turn, and only one of them runs at a time. The
  order rotates from round to round. Between turns all is quiet for longer than any library's idle threads spin.
* A turn is a warm-up and then many calls; its result is the least time of a call.
* What counts is the ratio of two turns of one round: load that comes and goes hits both. The median over the rounds is
  reported, with its spread.
"""
