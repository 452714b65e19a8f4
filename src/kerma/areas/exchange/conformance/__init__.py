"""A conformance suite for DICOMweb and the DICOM network, usable against any archive (``kerma conform``)."""
