"""Who works here: accounts and roles."""
