"""Images with known truth for learning and testing people."""
