"""The base of the tests of one handler: the emulated services, a proxy in front of them, and what the template creates.

All of it is made once for a class of tests, because that takes a second or two.
"""

import os
import unittest
from typing import Any

from emulator import Emulator, client
from fault_proxy import FaultProxy
from pipeline import SERVICES, Database, Resources, read_settings, test_scale


class HandlerCase(unittest.TestCase):
    """Services and resources; functions log in as `username`, with a password that no log may have."""

    username = "loader"
    password = "planted-password"
    emulator: Emulator
    proxy: FaultProxy
    clients: dict[str, Any]
    resources: Resources

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.emulator = cls.enterClassContext(Emulator())
        cls.proxy = cls.enterClassContext(FaultProxy(cls.emulator.url))
        cls.clients = {service: client(service, cls.emulator.url, max_pool_connections=10) for service in SERVICES}
        cls.resources = Resources(test_scale(read_settings()))
        cls.make_resources()

    @classmethod
    def make_resources(cls) -> None:
        cls.resources.make(cls.clients, cls.database())

    @classmethod
    def database(cls, username: str = "", port: int = 0) -> Database:
        """Return a login to the tests' server, by default that of the functions."""
        return Database(os.environ["PGHOST"], port or int(os.environ["PGPORT"]), os.environ["PGDATABASE"],
                        username or cls.username, cls.password)
