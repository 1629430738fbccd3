"""The files of a release: what is in them, how they are written, and how they are verified."""
