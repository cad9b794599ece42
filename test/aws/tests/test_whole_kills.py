"""Twenty uploads while processes are killed: none of it may be seen in what comes out.

The first test kills functions at named steps: before and after each call that leaves a trace.  A kill before the
write-back of statuses is one after the commit; a kill after Publish is one before its record.  The others kill at
random, harm the database, and let services and deliveries fail meanwhile.
"""

import unittest

from event_sources import DeliveryFaults
from pipeline import Kills
from whole import Harm, WholeTest

# Calls that the functions make, with how many are left alone first, so that something was done before.
STEPS = [
    ("secretsmanager.GetSecretValue", 1),
    ("s3.GetObject", 3),
    ("dynamodb.BatchWriteItem", 5),
    ("dynamodb.BatchExecuteStatement", 2),
    ("sqs.SendMessageBatch", 1),
    ("s3.PutObject", 2),
    ("sns.Publish", 1),
]


class KillsTest(WholeTest):
    def test_functions_killed_at_every_step(self) -> None:
        faults = [{"fault": f"kill_{moment}", "call": call, "skip": skip + 2 * (moment == "after"), "times": 2}
                  for call, skip in STEPS for moment in ("before", "after")]
        self.pipeline(faults=faults)
        self.send(*self.files(20, 60))
        self.settle()
        # Each kill between Publish and its record costs a second mail, and nothing else does.
        self.check(extra_mails=self.whole.proxy.plan.fired["kill_after", "sns.Publish"])


if __name__ == "__main__":
    unittest.main()
