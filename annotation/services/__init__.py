"""Writes: noun modules, verb functions."""
