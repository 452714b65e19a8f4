"""Exchange: nodes on the network, what is sent to them, fetched from them and promised to them."""
