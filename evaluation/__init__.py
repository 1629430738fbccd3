"""Learning from judgments: agreement, judges, labels, releases."""

# What a release says it was made by; a test holds it against pyproject.toml.
VERSION = "0.1.0"
