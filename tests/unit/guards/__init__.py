"""Tests of detection and editing."""
