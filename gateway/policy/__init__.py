"""Guardrails as documents: read, inherited, bound to requests, and reported on."""
