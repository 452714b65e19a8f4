"""Bytes to Image and back: DICOM, DICONDE, DICOS, TIFF, PNG, JPEG, raw."""
