"""The worklist: what waits for a person, how urgent it is, and who holds it."""
