"""Certificates: the score from which on people are not needed, tested, applied and watched."""
