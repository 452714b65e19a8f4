from tests.areas.report.samples import part

__all__ = ["part"]
