"""Images of a corpus that look alike, by their perceptual hashes and by their vectors."""
