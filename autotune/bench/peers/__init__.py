"""Other people's libraries as implementations, each in a module that its process runs, set up as its makers would.

Where a library can compute a layer in several ways (layouts, weights packed beforehand), all of them are tried when the
layer is opened, and the fastest one stands for the library.
"""
