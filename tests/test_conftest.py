"""Tests for the fixtures that all tests share."""

import socket

import pytest


def test_another_machine_cannot_be_reached():
    with socket.socket() as line, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        line.connect(("192.0.2.1", 80))  # an address kept for documentation


def test_this_machine_can():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as line:
        line.connect(server.getsockname())
