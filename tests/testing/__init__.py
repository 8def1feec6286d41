"""Tests of the pytest plugin's parts, in this process."""
