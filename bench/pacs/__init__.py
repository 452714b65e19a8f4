"""Kerma's archive beside its peer: both started here, fed the same bytes, in one run."""
