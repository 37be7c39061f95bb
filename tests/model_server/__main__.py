"""Serves made-up answers until killed, and prints its address."""

import argparse
import threading

from tests.model_server import EVERY_KIND, ModelServer, serving


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve made-up model answers on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0)
    parser.add_argument("--failing-share", type=float, default=0, help="in every way that there is")
    options = parser.parse_args()
    told = ModelServer(
        latency=options.latency,
        failing_share=options.failing_share,
        failing_kinds=EVERY_KIND,
        keep_bodies=False,
    )
    with serving(told, options.port):
        print(told.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
