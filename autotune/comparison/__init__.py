"""How well samplers search: several of them on the same layers, at the same number of candidates.

A schedule is measured once, whoever asks for it and however often: what was measured is kept in a file for each layer
and machine, so that another sampler, another seed or more candidates cost only what is new. So two samplers that find
the same schedule find the same time, and the noise of single measurements cannot favour either.
"""
