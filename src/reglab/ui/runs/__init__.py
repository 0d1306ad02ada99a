"""The Runs page: the table of runs, and what one can do with them."""
