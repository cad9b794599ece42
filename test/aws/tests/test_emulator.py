"""Test corrections to the emulated services that no other test would notice."""

import sys
import threading
import unittest
from typing import Any

import emulator

PUTTERS = 4
ROUNDS = 1000


class PutTest(unittest.TestCase):

    def table(self) -> Any:
        from moto.dynamodb.models import dynamodb_backends

        emulator.put_one_at_a_time()
        keys = [("upload_id", "HASH"), ("record_id", "RANGE")]
        return dynamodb_backends[emulator.ACCOUNT][emulator.REGION].create_table(
            "items", schema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            attr=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys], throughput=None, indexes=None,
            global_indexes=None, streams=None, billing_mode="PAY_PER_REQUEST", sse_specification=None, tags=[],
            deletion_protection_enabled=False, warm_throughput=None)

    def test_concurrent_first_puts_lose_no_item(self) -> None:
        table = self.table()
        together = threading.Barrier(PUTTERS)

        def put(record: str) -> None:
            for upload in range(ROUNDS):
                together.wait()
                table.put_item({"upload_id": {"S": str(upload)}, "record_id": {"S": record}})

        # Without the lock, switching threads this often loses some in every run.
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            threads = [threading.Thread(target=put, args=[str(number)]) for number in range(PUTTERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(interval)
        self.assertEqual({len(items) for items in table.items.values()}, {PUTTERS})
        self.assertEqual(len(table.items), ROUNDS)


if __name__ == "__main__":
    unittest.main()
