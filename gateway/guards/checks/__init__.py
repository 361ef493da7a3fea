"""Checks that need no network: they look at a whole text and at what the request says about it."""
