"""Who may do what: a permission is the name of an action, a role is a set of permission patterns.

A pattern is a full name (``worklist.claim``), an area (``worklist.*``) or everything (``*``).
"""

from __future__ import annotations

from collections.abc import Iterable


def is_granted(permission: str, patterns: Iterable[str]) -> bool:
    """Return whether one of the patterns grants the permission."""
    area = permission.split(".", 1)[0]
    return any(pattern in ("*", permission, f"{area}.*") for pattern in patterns)
