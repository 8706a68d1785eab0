"""Can NATS be spoken to here? By a package that not every installation has."""

from types import ModuleType

from guantong.errors import fault
from guantong.serve.stream.place import Fault, StreamError


def broker() -> ModuleType:
    """What speaks to NATS; loaded when it is wanted.

    Returns:
        Its module.

    Raises:
        StreamError: if it is not there.
    """
    try:
        from guantong.serve.stream import broker as found
    except ImportError as error:
        expected = "the extra guantong[nats]"
        raise StreamError(fault(Fault.PACKAGE, expected=expected, got=error)) from error
    return found
