"""How much one record may hold. Beyond it the record is rejected, and its neighbours go in."""

RECORD_BYTES = 4 * 1024 * 1024
ID_CHARACTERS = 200
TEXT_CHARACTERS = 20_000
TURNS = 500
IMAGES_PER_TURN = 50
TARGET_IMAGES = 200
CANDIDATES = 200
# Levels of lists and objects in metadata and other fields of the source's own.
DEPTH = 32
