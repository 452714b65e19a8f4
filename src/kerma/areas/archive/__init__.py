"""Keeping every image as it came: arrival, index, quarantine, integrity and export."""
