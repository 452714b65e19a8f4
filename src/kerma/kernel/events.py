"""How a low area wakes a high one: it publishes an event, and a row in ``app.py`` says who listens.

Handlers run inside the publisher's transaction, in the order of the rows, and their errors are never swallowed:
if a handler fails, the whole action fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerma.kernel.action import Act

Handler = Callable[["Act", Any], None]
Subscriptions = Mapping[type, Sequence[Handler]]
"""From event class (a frozen dataclass in an area's ``model.py``) to the handlers that listen to it."""
