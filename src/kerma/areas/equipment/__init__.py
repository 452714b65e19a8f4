"""The machines and displays that images come from and are read on: what they are and whether they are in order."""
