"""Families of scenes: each answers a seed and options with a scene document; the same seed, the same document."""
