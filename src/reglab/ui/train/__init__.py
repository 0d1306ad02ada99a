"""The Train page: the form and the live view of runs."""
