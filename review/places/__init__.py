"""Places at the desk: which dialogue comes next, what a lot hides, and what is being written."""
