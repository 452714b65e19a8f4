"""How good readers are: threat image projection."""
