"""Taking the ledger out of the house leaves a record like everything else."""

from __future__ import annotations

from kerma.kernel.action import Act, action
from kerma.kernel.ledger import read_head


@action("ledger.export")
def request_export(act: Act) -> None:
    """Write the whole ledger to a file, to be checked elsewhere."""
    head = read_head(act.connection)
    act.record(records=head.tree.size if head else 0)
