"""Vectors of images and texts: their spaces, how they are filled, kept, indexed and searched."""
