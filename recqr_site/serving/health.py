"""`python -m recqr_site.serving.health`: whether the web server of this container serves pages."""

import http.client
import os
import sys

SECONDS = 4


def is_healthy(port: int) -> bool:
    """Ask for the page of sign-in, by a host name that the site answers to."""
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".*") or "localhost"
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        link.request("GET", "/", headers={"Host": name, "X-Forwarded-Proto": "https"})
        return link.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(int(os.environ.get("PORT") or 8000)) else 1)
