"""The figures Kerma has to reach, measured: ``make bench`` prints them as one JSON document."""
