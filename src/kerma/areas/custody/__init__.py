"""Custody: who held an image or a thing, when, in which state, and what was shown to whom."""
