"""Promises that every detector has to keep, each with what to do where it does not."""
