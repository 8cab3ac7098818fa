"""Side-by-side timing of layers: ours, with default and with tuned schedules, against other people's libraries.

How a comparison is made:

* Every implementation runs in a process of its own, which lives as long as one comparison. All are started alike: the
  same CPUs, the same number of threads, the same arrays.
* Before anything is timed, every implementation computes the layer once, and the answers are compared. A library that
  does not compute a kind of layer at all has no part in it.
* Rounds are interleaved: in each round every implementation has its turn, and only one of them runs at a time. The
  order rotates from round to round. Between turns all is quiet for longer than any library's idle threads spin.
* A turn is a warm-up and then many calls; its result is the least time of a call.
* What counts is the ratio of two turns of one round: load that comes and goes hits both. The median over the rounds is
  reported, with its spread.
* Our default schedule has a second process, started like the first, which takes its turns in every round of every case
  (A/A). The ratio of the two is 1 but for noise, of which it shows all kinds: of the rounds, and of what stays as long
  as a process does, as where its memory lies. A ratio to a peer says no more than A/A ratios differ from 1.
* Our processes share a cache of kernels that is empty at first. The first to open a layer shows what it takes to build;
  the others show what `tensorlang.compile` takes when the cache has it.
* The machine's own limits are measured in the same run with the same threads: multiply-adds in registers, and reading
  an array far larger than the last cache; before the cases and after them, and the better figure counts.
"""
