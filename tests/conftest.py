"""For all tests."""

import signal
import socket
from ipaddress import ip_address

import pytest
import torch
from hypothesis import HealthCheck, settings

# On a busy machine an example takes long, and nothing is wrong.
settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")

# A run in the background of a shell ignores Ctrl-C, and whatever it starts would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Only this machine can be reached: a test that needs another one is wrong."""
    connect = socket.socket.connect

    def connect_here(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            assert host == "localhost" or ip_address(host).is_loopback, (
                f"a test connects to {host}; serve what it needs from this machine"
            )
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(autouse=True)
def same_draws():
    """A test draws the same numbers whichever tests ran before it."""
    torch.manual_seed(0)
