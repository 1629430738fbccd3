"""Reads: frozen dataclasses and streams."""
