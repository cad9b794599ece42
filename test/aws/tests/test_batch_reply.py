"""Test what a reply says about its batch: one table for streams and queues, from AWS's documentation."""

import json
import unittest
from typing import Any

from batch_reply import QueueOutcome, StreamOutcome, queue_outcome, stream_outcome
from runtime_api import Result

NUMBERS = ["900", "1000", "1100", "1200"]
WHOLE = "whole"
DONE: list[str] = []


def failures(*identifiers: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


# A reply; its effect on a stream's batch (where it resumes, or WHOLE) and on a queue's (what is redelivered).
TABLE: list[tuple[str, Any, Any, Any]] = [
    ("no failures", {"batchItemFailures": []}, None, DONE),
    ("null list", {"batchItemFailures": None}, None, DONE),
    ("null reply", None, None, DONE),
    ("empty reply", {}, None, DONE),
    ("first failed", failures("900"), 0, ["900"]),
    ("middle failed", failures("1100"), 2, ["1100"]),
    ("last failed", failures("1200"), 3, ["1200"]),
    ("several failed, the lowest counts", failures("1200", "1000"), 1, ["1000", "1200"]),
    ("lowest by number, not by text", failures("1000", "900"), 0, ["900", "1000"]),
    ("all failed", failures(*NUMBERS), 0, NUMBERS),
    ("empty identifier", failures(""), WHOLE, NUMBERS),
    ("null identifier", failures(None), WHOLE, NUMBERS),
    ("a number as identifier", failures(1000), WHOLE, NUMBERS),
    ("identifier of an unknown record", failures("1"), WHOLE, NUMBERS),
    ("a valid identifier and an unknown one", failures("1200", "1"), WHOLE, NUMBERS),
    ("wrong key", {"batchItemFailures": [{"ItemIdentifier": "1000"}]}, WHOLE, NUMBERS),
    ("list of texts", {"batchItemFailures": ["1000"]}, WHOLE, NUMBERS),
    ("list is a text", {"batchItemFailures": "1000"}, WHOLE, NUMBERS),
    ("reply is a list", [], WHOLE, NUMBERS),
]


class BatchReplyTest(unittest.TestCase):
    def check(self, name: str, result: Result, stream: Any, queue: list[str]) -> None:
        with self.subTest(name):
            expected = StreamOutcome(0, True) if stream == WHOLE else StreamOutcome(stream)
            self.assertEqual(stream_outcome(result, NUMBERS), expected)
            self.assertEqual(queue_outcome(result, NUMBERS), QueueOutcome(set(queue)))

    def test_replies(self) -> None:
        for name, reply, stream, queue in TABLE:
            self.check(name, Result("id", json.dumps(reply).encode()), stream, queue)

    def test_replies_that_are_not_json(self) -> None:
        self.check("nothing at all", Result("id", b""), None, [])
        self.check("cut short", Result("id", b'{"batchItemFailures":['), WHOLE, NUMBERS)

    def test_failed_function(self) -> None:
        self.check("error", Result("id", error={"errorType": "Function.Broken"}), WHOLE, NUMBERS)

    def test_without_partial_replies_only_errors_count(self) -> None:
        reply = Result("id", json.dumps(failures("900")).encode())
        self.assertEqual(stream_outcome(reply, NUMBERS, partial=False), StreamOutcome())
        self.assertEqual(queue_outcome(reply, NUMBERS, partial=False), QueueOutcome())
        error = Result("id", error={})
        self.assertEqual(stream_outcome(error, NUMBERS, partial=False), StreamOutcome(0, True))
        self.assertEqual(queue_outcome(error, NUMBERS, partial=False), QueueOutcome(set(NUMBERS)))
