"""The tests. A package by name: some distributions install a ``tests`` of their own, which would be found instead."""
