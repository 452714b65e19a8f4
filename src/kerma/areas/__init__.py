"""The job of an X-ray analyst, one folder per duty; an area imports only areas of lower rank."""
