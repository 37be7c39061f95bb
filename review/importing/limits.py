"""How much one record may hold. Beyond it the record is rejected, and its neighbours go in."""

from django.conf import settings

RECORD_BYTES = settings.IMPORT_RECORD_MB * 1024 * 1024
ID_CHARACTERS = 200
TEXT_CHARACTERS = settings.IMPORT_TEXT_CHARACTERS
TURNS = settings.IMPORT_TURNS
IMAGES_PER_TURN = 50
TARGET_IMAGES = 200
CANDIDATES = 200
# Levels of lists and objects in metadata and other fields of the source's own.
DEPTH = 32
