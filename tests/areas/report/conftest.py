import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest_report import part  # noqa: F401 - the fixture
