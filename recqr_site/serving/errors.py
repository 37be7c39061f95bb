"""Why `make run` cannot serve, in a sentence for whoever typed it."""


class CannotServe(Exception):
    """Nothing was started, or all of it is stopped again; the message says how to mend it."""


class Stopped(BaseException):
    """Ctrl-C, a hang-up or a request to end: no error, but it must pass every handler of errors."""
