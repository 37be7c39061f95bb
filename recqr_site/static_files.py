"""How static files are named in production: by their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORTED = (r"""(?P<matched>from "(?P<url>\./[^"]+)")""", 'from "%(url)s"')


class HashedFilesStorage(CompressedManifestStaticFilesStorage):
    """Our JavaScript modules import each other by those names, too.

    Django could do that in all files, but then stops at what comments of others' files import.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (IMPORTED,)))
