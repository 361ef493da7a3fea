"""Detectors that other people's libraries make: each library behind files of its own, loaded when a policy names it."""
