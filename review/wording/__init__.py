"""Rules on words: tokens, differences, references left open and words without support."""
