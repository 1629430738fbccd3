"""Tests of the pure statistics: by hand, published, properties, oracles, undefined cases."""
