"""Test the event sources around a miniature pipeline: nothing is lost on the way, whatever fails."""

import os
import socket
import tempfile
import unittest
from typing import Any

from event_sources import DeliveryFaults
from fault_plan import FaultPlan
from pipeline import Database, Kills, NotQuiet, Pipeline, read_settings, test_scale

BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python_pipeline.py")
DATABASE = Database("/nowhere", 5432, "none", "nobody", "planted-password")


class PipelineTest(unittest.TestCase):
    def pipeline(self, **options: Any) -> Pipeline:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        return self.enterContext(Pipeline(DATABASE, BOOTSTRAP, folder, **options))

    def mails(self, pipeline: Pipeline) -> list[str]:
        return [mail["Message"] for mail in pipeline.mails()]

    def test_file_passes_through_all_stages(self) -> None:
        pipeline = self.pipeline()
        lines = [f"line {number}" for number in range(60)]
        pipeline.upload("VEND001", "VEND001 a+b.csv", "\n".join(lines).encode())
        pipeline.wait_quiet()
        self.assertEqual(pipeline.errors(), [])
        self.assertEqual(sorted(self.mails(pipeline)), sorted(lines))
        self.assertEqual(len(pipeline.items()), 60)
        self.assertEqual(pipeline.object("uploads/VEND001/VEND001 a+b.csv"), "\n".join(lines).encode())
        self.assertEqual(pipeline.object_keys("uploads/"), ["uploads/VEND001/VEND001 a+b.csv"])
        self.assertIn('"handler": "validator"', pipeline.log_text())
        self.assertNotIn("planted-password", pipeline.log_text())
        self.assertEqual(pipeline.call_link("GET", "/r/x").headers["location"], "/r/x")
        self.assertEqual(pipeline.sweep().payload, {"source": "aws.events"})

    def test_objects_under_other_prefixes_are_not_announced(self) -> None:
        pipeline = self.pipeline()
        pipeline.wait_quiet()
        before = pipeline.functions["parser"].invocations
        pipeline.clients["s3"].put_object(Bucket=pipeline.resources.bucket, Key="errors/VEND001/x.csv", Body=b"x")
        pipeline.wait_quiet()
        self.assertEqual(pipeline.functions["parser"].invocations, before)

    def test_a_paused_source_keeps_what_it_has(self) -> None:
        pipeline = self.pipeline()
        pipeline.pause("upload-records")
        pipeline.upload("VEND001", "VEND001_1.csv", b"line")
        pipeline.wait_quiet()
        self.assertEqual((len(pipeline.items()), self.mails(pipeline)), (1, []))
        pipeline.resume("upload-records")
        pipeline.wait_quiet()
        self.assertEqual(self.mails(pipeline), ["line"])

    def test_waiting_is_bounded(self) -> None:
        plan = FaultPlan.read({"faults": [{"fault": "error", "call": "dynamodb.BatchWriteItem"}]})
        pipeline = self.pipeline(plan=plan)
        pipeline.upload("VEND001", "VEND001_1.csv", b"line")
        with self.assertRaisesRegex(NotQuiet, "upload-events"):
            pipeline.wait_quiet(1.5)

    def test_nothing_is_lost_whatever_fails(self) -> None:
        faults = [
            {"fault": "throttle", "call": "dynamodb.BatchWriteItem", "times": 2, "probability": 0.5},
            {"fault": "unprocessed_items", "probability": 0.5, "times": 10},
            {"fault": "failed_entries", "probability": 0.3, "times": 5},
            {"fault": "drop_reply", "call": "sqs.SendMessageBatch", "times": 2},
            {"fault": "error", "status": 503, "call": "sns.Publish", "times": 3},
            {"fault": "truncate", "times": 1},
            {"fault": "latency", "call": "s3.*", "seconds": 0.01},
        ]
        pipeline = self.pipeline(plan=FaultPlan.read({"seed": 11, "faults": faults}),
                                 settings=test_scale(read_settings(), receives=50),
                                 delivery=DeliveryFaults(11, duplicate=0.3, reorder=0.5, split=0.5),
                                 kills=Kills(11, probability=0.2, within=0.01, times=3))
        lines = {f"line {number}" for number in range(120)}
        for number in range(4):
            content = "\n".join(sorted(lines)[number * 30:(number + 1) * 30])
            pipeline.upload("VEND001", f"VEND001_{number}.csv", content.encode())
        pipeline.wait_quiet()
        mails = self.mails(pipeline)
        self.assertEqual(set(mails), lines)
        self.assertGreater(len(mails), len(lines))
        self.assertEqual(pipeline.unfired(), [], pipeline.fault_table())
        self.assertEqual(pipeline.messages("upload-records-discarded"), [])
        self.assertRegex(pipeline.fault_table(), r"drop_reply +sqs\.SendMessageBatch +2")

    def test_everything_is_stopped_even_on_failure(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(ZeroDivisionError), Pipeline(DATABASE, BOOTSTRAP, folder) as pipeline:
                pipeline.upload("VEND001", "VEND001_1.csv", b"line")
                pipeline.wait_quiet()
                processes = [sandbox.process.pid for function in pipeline.functions.values()
                             for sandbox in function.sandboxes()]
                urls = (pipeline.proxy.url, pipeline.clients["s3"].meta.endpoint_url)
                ports = [int(url.rpartition(":")[2]) for url in urls]
                self.assertGreaterEqual(len(processes), 3)
                raise ZeroDivisionError
            self.assertEqual([pid for pid in processes if os.path.exists(f"/proc/{pid}")], [])
            for port in ports:
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port))
            self.assertTrue(os.path.exists(os.path.join(folder, "validator.log")))
