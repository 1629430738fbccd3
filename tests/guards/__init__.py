"""Whole-product promises."""
