"""The console: pages about what the gateway decided, rendered here and complete without a script.

A page is one module with its ways and words, one template, and a line in `registry.py`.
"""
