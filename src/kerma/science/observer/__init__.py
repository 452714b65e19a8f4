"""People and processes as measured: how well they tell what is there, and whether they are as they were."""
