"""The workstation beside OHIF's prebuilt viewer, on one server, one study and one Chromium: ``make bench-ui``."""
