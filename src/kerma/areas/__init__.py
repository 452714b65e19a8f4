"""The job of an X-ray analyst, one folder per duty; an area imports only areas of lower rank."""

from __future__ import annotations

import importlib
import pkgutil

KERNEL_TABLES = ("alarms", "backup_model", "blobs_removal", "identity_model", "jobs_model", "ledger_tables")
"""The kernel's modules of tables."""


def load_tables() -> None:
    """Import the kernel's and every area's modules of tables (``model.py``, ``model_<topic>.py``).

    Then the metadata is complete: what follows references (deletion, check, scrub, backup) must know every table,
    whichever areas this process uses.
    """
    for name in KERNEL_TABLES:
        importlib.import_module(f"kerma.kernel.{name}")
    for area in pkgutil.iter_modules(__path__, f"{__name__}."):
        package = importlib.import_module(area.name)
        for module in pkgutil.iter_modules(package.__path__, f"{area.name}."):
            if module.name.rsplit(".", 1)[-1].split("_")[0] == "model":
                importlib.import_module(module.name)
