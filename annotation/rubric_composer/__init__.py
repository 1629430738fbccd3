"""Composing a rubric in a form: what was typed, what is wrong with it, and acts on it. Pure."""
