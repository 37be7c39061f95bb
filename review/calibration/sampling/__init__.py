"""Waves: which dialogues are drawn, with which probabilities, and what became of them."""
