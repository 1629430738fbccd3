"""Researchers' pages: agreement, judges, items, releases."""
