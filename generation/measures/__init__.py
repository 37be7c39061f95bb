"""What ranks are worth, and how sure one may be of it: for the benchmark, and for what deceives."""
