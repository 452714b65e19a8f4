"""The signed statement: PDF and DICOM reports, and `kerma examine`."""
