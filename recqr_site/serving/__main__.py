"""`python -m recqr_site.serving [--dev] [--parent PID]`: what `make run` and `make dev` become."""

import argparse
import signal
import sys

from recqr_site.embedded.processes import die_with_parent
from recqr_site.serving.supervisor import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="serving", description="Serve ReCQR on this machine.")
    parser.add_argument("--dev", action="store_true", help="DEBUG, and reload on every change")
    parser.add_argument("--parent", type=int, help="stop when this parent process dies (make)")
    options = parser.parse_args()
    if options.parent is not None:
        die_with_parent(signal.SIGTERM, options.parent)
    return serve(dev=options.dev)


if __name__ == "__main__":
    sys.exit(main())
