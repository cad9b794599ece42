"""Test twenty uploads while processes are killed: the output must not show it.

The first test kills functions at named steps: before and after each call that leaves a trace. A kill before the
write-back of statuses is one after the commit; a kill after Publish is one before its record.  The others kill at
random, disrupt the database, and inject faults into services and deliveries.
"""

import subprocess
import time
import unittest
from typing import Any, cast

from event_sources import DeliveryFaults, QueuePoller, StreamPoller
from invariants import Sent
from patience import HANG_SECONDS, wait_until
from pipeline import Kills
from whole import Harm, WholeTest

# Calls that the functions make, with the number to skip first, so that something was done before.
STEPS = [
    ("secretsmanager.GetSecretValue", 1),
    ("s3.GetObject", 3),
    ("dynamodb.BatchWriteItem", 5),
    ("dynamodb.BatchExecuteStatement", 2),
    ("dynamodb.Query", 1),
    ("sqs.SendMessageBatch", 1),
    ("s3.PutObject", 2),
    ("sns.Publish", 1),
]
DIRECT = {"DIRECT_ROUTE_ROWS": "200", "DIRECT_TRANSACTION_ROWS": "70"}
AFTER = ("kill_after", "drop_reply", "reset_after", "reset_in_reply")


def service_faults() -> list[dict[str, Any]]:
    """Each fault of each service, a few times."""
    faults: list[dict[str, Any]] = []
    for call, _ in STEPS:
        for number, options in enumerate(cast(list[dict[str, Any]], [
                {"fault": "throttle"}, {"fault": "error", "status": 500}, {"fault": "error", "status": 503},
                {"fault": "deny", "code": "signature"}, {"fault": "deny", "code": "expired"},
                {"fault": "reset_before"}, {"fault": "reset_after"}, {"fault": "drop_reply"}, {"fault": "close_after"}])):
            faults.append({**options, "call": call, "skip": number, "times": 1})
    faults += [
        {"fault": "unprocessed_items", "probability": 0.3, "times": 20},
        {"fault": "statement_errors", "probability": 0.3, "times": 10},
        {"fault": "failed_entries", "probability": 0.5, "times": 10},
        {"fault": "truncate", "skip": 5, "times": 3},
        {"fault": "reset_in_reply", "call": "s3.GetObject", "skip": 9, "times": 3},
        {"fault": "reset_in_request", "call": "s3.PutObject", "skip": 3, "times": 2},
        {"fault": "reset_in_request", "call": "dynamodb.BatchWriteItem", "skip": 9, "times": 2},
        {"fault": "latency", "seconds": 0.05, "random": True, "probability": 0.2},
    ]
    return faults


class KillsTest(WholeTest):
    def extra_mails(self) -> int:
        """Return how often a mail was published but the function got no reply, or was killed then."""
        return sum(self.whole.proxy.plan.fired[fault, "sns.Publish"] for fault in AFTER)

    def test_functions_killed_at_every_step(self) -> None:
        faults = [{"fault": f"kill_{moment}", "call": call, "skip": skip + 2 * (moment == "after"), "times": 2}
                  for call, skip in STEPS for moment in ("before", "after")]
        self.pipeline(faults=faults, environment=DIRECT)
        self.send(self.large_file(), *self.files(20, 40))
        self.settle()
        # Only a kill between Publish and its record costs a second mail.
        self.check(extra_mails=self.extra_mails())

    def large_file(self) -> Sent:
        """A file that takes the direct route, in several transactions."""
        file = self.maker.file("VEND011", "uploads/VEND011/VEND011_20260104_090000.csv", 300)
        return Sent(file.vendor_id, file.key, file.content, broken=file.broken, items=False)

    def test_functions_and_the_database_killed_at_random(self) -> None:
        self.pipeline(environment=DIRECT, kills=Kills(self.seed, probability=0.25, within=0.15, times=25),
                      delivery=DeliveryFaults(self.seed, duplicate=0.1, reorder=0.3, split=0.5))
        harm = Harm(self.database, self.seed)
        harm.start()
        try:
            # A few at a time, so that there is always something to disrupt.
            for file in [self.large_file(), *self.files(20, 60, contested=5)]:
                self.send(file)
                time.sleep(0.2)
            # The sweeper connects when all others are done.
            wait_until(lambda: not harm.unfired() or self.whole.sweep() is None, "every disruption occurred", pause=0.5)
        finally:
            harm.stop()
        self.settle_faults()
        for name, count in sorted(harm.fired.items()):
            print(f"# {name}: {count}", flush=True)
        self.assertEqual(harm.unfired(), [])
        # A reporter that was killed, or lost the database, may have been between Publish and its record; there are
        # two.
        self.check(extra_mails=self.whole.functions["reporter"].kills + 2 * sum(harm.fired.values()))

    def test_services_that_fail_in_every_way(self) -> None:
        # Secrets are read for each invocation, so that all their faults occur.
        self.pipeline(faults=service_faults(), environment={"SECRET_TTL_SECONDS": "0"},
                      delivery=DeliveryFaults(self.seed, duplicate=0.1, reorder=0.3, split=0.5))
        self.send(*self.files(20, 40, contested=3))
        self.settle_faults()
        # A denied update of items is not retried by the validator; the sweeper has repaired them.
        records = self.whole.functions["validator"].log.records()
        self.assertGreater(sum(record.get("StatusUpdatesFailed", 0) for record in records), 0)
        self.check(extra_mails=self.extra_mails())


class DeadlineTest(WholeTest):
    """Time runs out in the middle of a batch: committed work stays, the rest is redelivered, and nothing is killed."""

    def test_validator_waiting_for_a_lock(self) -> None:
        self.pipeline(hurried="validator")
        self.whole.pause("upload-records")
        files = self.files(3, 20, vendors=3)
        for file in files:
            self.send(file)
            self.whole.wait_quiet()
        locked = self.database.value("SELECT upload_id FROM onboard.upload_history WHERE vendor_id = 'VEND002'")
        server = self.database.server
        holder = subprocess.Popen([f"{server.programs}/psql", "-X", "-q", "-A", "-t", "-d", self.database.owner_conninfo()],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdin is not None and holder.stdout is not None
        holder.stdin.write(f"BEGIN; SELECT 'locked' FROM onboard.upload_history WHERE upload_id = '{locked}' FOR UPDATE;\n")
        holder.stdin.flush()
        self.assertEqual(holder.stdout.readline(), "locked\n")
        self.whole.resume("upload-records")
        # The first upload is committed although the batch is not; the third is still waiting.
        wait_until(lambda: self.failed_invocations() and self.ended(), "an invocation failed after the first upload")
        self.assertEqual(self.ended(), ["VEND001"])
        self.whole.functions["validator"].settings.timeout = HANG_SECONDS
        holder.communicate("ROLLBACK;\n")
        self.settle()
        self.check()
        self.assertEqual(self.whole.functions["validator"].errors, 0, "it was ended by the service")

    def failed_invocations(self) -> int:
        poller = self.whole.pollers["upload-records"][0].poller
        assert isinstance(poller, StreamPoller)
        return poller.consumer.counts["failed_invocations"]

    def ended(self) -> list[str | None]:
        """Return the vendors whose upload has ended."""
        rows = self.database.query("SELECT vendor_id FROM onboard.upload_history WHERE status <> 'processing'")
        return [row["vendor_id"] for row in rows]

    def test_parser_with_slow_writes(self) -> None:
        self.pipeline(hurried="parser", faults=[{"fault": "latency", "call": "dynamodb.BatchWriteItem", "seconds": 0.8,
            "times": 16}],
                      environment={"AWS_CALLS_IN_FLIGHT": "2"})
        self.send(*self.files(1, 400))
        wait_until(self.failed_messages, "there was time enough")
        self.whole.functions["parser"].settings.timeout = HANG_SECONDS
        self.settle()
        self.check()
        self.assertEqual(self.whole.functions["parser"].errors, 0, "it was ended by the service")

    def failed_messages(self) -> int:
        consumers = [thread.poller for thread in self.whole.pollers["upload-events"]]
        return sum(poller.consumer.counts["failed"] for poller in consumers if isinstance(poller, QueuePoller))


if __name__ == "__main__":
    unittest.main()
