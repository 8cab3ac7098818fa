"""The workloads, one file a family of operations: a layer's operation, shape and epilogue as plain data."""
