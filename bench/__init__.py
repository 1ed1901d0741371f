"""Measurements, run by `make bench`; none is a test, and `docs/performance.md` says what they showed."""
