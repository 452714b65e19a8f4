"""Pure functions: numbers and arrays in, numbers and arrays out; no database, no web, no DICOM, no clock."""
