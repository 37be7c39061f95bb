"""Many reviewers at once: what they ask and are told, and what must hold of it afterwards."""
