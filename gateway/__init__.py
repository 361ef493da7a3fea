"""Haechi: an LLM gateway."""
