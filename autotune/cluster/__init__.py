"""Measuring on many machines through Dask distributed; the worker side runs the same child process as a local run."""
