"""Measuring candidates in a child process that the parent can kill."""
