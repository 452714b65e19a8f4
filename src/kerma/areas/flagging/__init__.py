"""Flagging: the detectors and models that point at what may matter, what is known of each, and how well it does."""
