"""The people of a dataset: how they join, what they hold, what they have done and for how long."""
