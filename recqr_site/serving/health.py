"""`python -m recqr_site.serving.health`: whether the web server of this container serves pages."""

import http.client
import os
import sys

from recqr_site.serving.address import allowed_host

SECONDS = 4


def is_healthy(port: int) -> bool:
    """Ask for the page of sign-in, by a host name that the site answers to."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        link.request("GET", "/", headers={"Host": allowed_host(), "X-Forwarded-Proto": "https"})
        return link.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(int(os.environ.get("PORT") or 8000)) else 1)
