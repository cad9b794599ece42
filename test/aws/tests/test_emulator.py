"""Test corrections to the emulated services that no other test would notice."""

import sys
import threading
import unittest
from typing import Any, Callable

import emulator
from patience import HANG_SECONDS

PUTTERS = 4
ROUNDS = 1000
MESSAGES = 100


def run_together(work: Callable[[int], None], count: int) -> None:
    """Run work(0), work(1) and so on in threads.  Without a lock, switching them this often shows races in every run."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=[number]) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)


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

        def put(record: int) -> None:
            for upload in range(ROUNDS):
                together.wait()
                table.put_item({"upload_id": {"S": str(upload)}, "record_id": {"S": str(record)}})

        run_together(put, PUTTERS)
        self.assertEqual({len(items) for items in table.items.values()}, {PUTTERS})
        self.assertEqual(len(table.items), ROUNDS)


class QueueTest(unittest.TestCase):

    def test_concurrent_receivers_get_each_message_once(self) -> None:
        from moto.sqs.models import sqs_backends

        emulator.change_queues_one_at_a_time()
        backend: Any = sqs_backends[emulator.ACCOUNT][emulator.REGION]
        backend.create_queue("events")
        received: list[str] = []

        def work(number: int) -> None:
            for message in range(MESSAGES):
                backend.send_message("events", f"{number}-{message}")
                for taken in backend.receive_message("events", 10, 0, HANG_SECONDS):
                    received.append(taken.body)
                    backend.delete_message("events", taken.receipt_handle)

        run_together(work, PUTTERS)
        self.assertEqual(backend.receive_message("events", 10, 0, HANG_SECONDS), [])
        self.assertEqual(sorted(received), sorted(f"{number}-{message}" for number in range(PUTTERS)
                                                  for message in range(MESSAGES)))
        self.assertEqual(backend.get_queue("events")._messages, [])


if __name__ == "__main__":
    unittest.main()
