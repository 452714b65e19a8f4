"""Who reads what, and when: the worklist."""
