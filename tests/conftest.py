"""For all tests."""

import signal

# A run in the background of a shell ignores Ctrl-C, and whatever it starts would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
