"""People: who works here, with which roles; and the tokens of the programs that work for them."""
