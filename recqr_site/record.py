"""Where a copy of ReCQR keeps everything that must survive: database, Redis, media, secret key."""

import os
import secrets
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent


def record_dir() -> Path:
    """The folder of the whole record: `RECQR_VAR`, else `var/` in the project."""
    named = os.environ.get("RECQR_VAR", "").strip()
    return Path(named).expanduser().resolve() if named else PROJECT_DIR / "var"


def kept_secret_key() -> str:
    """The record's own secret key, made on the first start and readable by its owner alone.

    Written under a name of its own and linked into place, so that of two processes which
    start at once both end up with the same key.
    """
    path = record_dir() / "secret-key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret-key.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
