"""Tests of policies: each case goes through a whole gateway whose only provider is a model that says what the case says."""
