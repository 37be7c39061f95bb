"""What goes wrong with the embedded services, in sentences fit for whoever typed the command."""


class EmbeddedError(Exception):
    """The embedded services cannot be brought up; the message says what, where and how to mend."""
