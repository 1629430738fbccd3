"""Tests of the pure statistics: by hand, published, properties, oracles, undefined cases."""

from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("statistics", deadline=None)
settings.load_profile("statistics")
