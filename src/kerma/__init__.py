"""Kerma: the X-ray analyst's workbench, from the first photon count to the signed, provable decision."""

__version__ = "0.1.0"
