"""Review: the machine's analysis of each exam, and the person's decision."""
