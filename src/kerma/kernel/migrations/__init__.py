"""How the tables came to be, one numbered file per step in ``versions``; made by ``tools/make_migration.py``.

Steps only go forward: the way back from an upgrade is the backup made before it.
"""
