"""Tests of learning from judgments."""
