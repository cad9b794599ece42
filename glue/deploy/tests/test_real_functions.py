"""The commands with the real functions and a real database: a file from `send` to its report.

The system has no stacks of its own: one stack, whose outputs are the names of the pipeline's resources, replaces them.
"""

import json
import os
import tempfile
import unittest
from typing import Any

import boto3  # type: ignore[import-untyped]
from commands import ENVIRONMENT, ROOT, STACK, CommandTest, restore
from database import OwnDatabase, shared_server, why_not
from emulator import client
from front import Front, FunctionError, Handler
from pipeline import Pipeline

BOOTSTRAP = os.environ.get("ONBOARD_BOOTSTRAP") or os.path.join(ROOT, "glue", "bootstrap")
NAME = "VEND001_20260104_090000.csv"

# Outputs of the pipeline's stack, and the names of queues in the tests' settings.
QUEUES = {"UploadQueueUrl": "upload-events", "UploadDeadQueueUrl": "upload-events-dead",
          "ErrorQueueUrl": "product-validation-errors", "ErrorDeadQueueUrl": "product-validation-errors-dead",
          "DiscardedQueueUrl": "upload-records-discarded", "QuarantineQueueUrl": "upload-records-quarantine"}


def handler_of(pipeline: Pipeline, name: str) -> Handler:
    """Return what invokes a function of the pipeline."""
    def handle(event: dict[str, Any]) -> dict[str, Any]:
        result = pipeline.functions[name].invoke(event)
        if not result.ok:
            raise FunctionError(result.error_type, result.error_message)
        answer: dict[str, Any] = result.payload
        return answer

    return handle


@unittest.skipIf(why_not(), why_not())
class RealFunctionsTest(CommandTest):
    database: OwnDatabase
    pipeline: Pipeline
    url: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="onboard-aws-test-"))
        cls.database = shared_server().make_database()
        cls.pipeline = cls.enterClassContext(
            Pipeline(cls.database.login(), BOOTSTRAP, cls.folder, operator=cls.database.operator_login()))
        cls.url = str(cls.pipeline.clients["s3"].meta.endpoint_url)
        cls.front = cls.enterClassContext(Front(cls.url))
        kept = {name: os.environ.get(name) for name in (*ENVIRONMENT, "AWS_ENDPOINT_URL", "HOME")}
        cls.addClassCleanup(restore, kept)
        os.environ.update({**ENVIRONMENT, "AWS_ENDPOINT_URL": cls.front.url, "HOME": cls.folder})
        cls.session = boto3.Session()
        cls.make_stack()

    @classmethod
    def make_stack(cls) -> None:
        """Make a stack whose outputs name the pipeline's resources."""
        resources, settings = cls.pipeline.resources, cls.pipeline.settings
        aws_lambda = client("lambda", cls.url)
        outputs = {"BucketName": resources.bucket, "TableName": settings["Table"]["TableName"],
                   "TopicArn": resources.topic_arn, **{name: resources.queue_urls[queue] for name, queue in QUEUES.items()}}
        role = client("iam", cls.url).create_role(
            RoleName="functions", AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}')["Role"]["Arn"]
        for name in settings["Functions"]:
            aws_lambda.create_function(FunctionName=name, PackageType="Image", Role=role, Code={"ImageUri": "onboard:1"})
            outputs[f"{name.capitalize()}FunctionName"] = name
            cls.front.functions[name] = handler_of(cls.pipeline, name)
        client("cloudformation", cls.url).create_stack(StackName=STACK, TemplateBody=json.dumps({
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()}}))

    def test_a_file_from_send_to_its_report(self) -> None:
        run = self.run_command("vendor", "list", "-s", STACK, "--json")
        self.assertIn("VEND001", [vendor["vendor_id"] for vendor in run.document["vendors"]])
        self.run_command("vendor", "add", "NEW-1", "-s", STACK, "--name", "New", "--email", "new@vendor.example")
        self.assertEqual(self.database.value("SELECT status FROM onboard.vendors WHERE vendor_id = 'NEW-1'"), "active")
        run = self.run_command("vendor", "add", "NEW-1", "-s", STACK, "--name", "Other", "--email", "new@vendor.example",
                               "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "VENDOR_EXISTS")
        path = os.path.join(ROOT, "test", "data", NAME)
        self.pipeline.pause("upload-events")
        run = self.run_command("send", path, "--vendor", "VEND001", "-s", STACK, "--json")
        key = run.document["key"]
        document = self.run_command("trace", key, "-s", STACK, "--json").document
        self.assertEqual([document["where"], document["upload"]], ["queue", None])
        self.pipeline.resume("upload-events")
        self.pipeline.wait_quiet()
        # The vendor has no subscription by mail, so that remains to be done.
        document = self.run_command("trace", key, "-s", STACK, "--json", code=1).document
        self.assertEqual(document["where"], "mail")
        states = {hop["hop"]: hop["state"] for hop in document["hops"]}
        self.assertEqual({states[name] for name in ("object", "queue", "upload", "items", "stream", "event", "report")},
                         {"done"})
        upload = document["upload"]["upload_id"]
        self.assertEqual(self.run_command("trace", upload, "-s", STACK, "--json", code=1).document["where"], "mail")
        self.run_command("vendor", "suspend", "VEND001", "-s", STACK)
        run = self.run_command("send", path, "--vendor", "VEND001", "-s", STACK, "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "VENDOR_NOT_ACTIVE")
        run = self.run_command("trace", "VEND001-0000000000000000", "-s", STACK, "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "UNKNOWN_UPLOAD")

    def send(self, content: str, name: str, *options: str) -> str:
        """Send a file of the vendor that these tests add last; return its upload."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        key = self.run_command("send", path, "--vendor", "PRICE-1", "-s", STACK, "--json", *options).document["key"]
        self.pipeline.wait_quiet()
        upload: str = self.run_command("trace", key, "-s", STACK, "--json", code=1).document["upload"]["upload_id"]
        return upload

    def test_held_prices_are_approved(self) -> None:
        self.run_command("vendor", "add", "PRICE-1", "-s", STACK, "--name", "Prices", "--email", "price@vendor.example")
        rows = "".join(f"{number},Lamp,Electronics,LAMP-{number},20.00,5\n" for number in (1, 2, 3))
        self.send(f"vendor_product_id,product_name,category,sku,price,stock_quantity\n{rows}", "PRICE-1_1.csv")
        self.run_command("vendor", "set", "PRICE-1", "-s", STACK, "--modes", "insert,update", "--default-mode", "update",
                         "--price-guard", "50")
        upload = self.send("vendor_product_id,price\n1,100.00\n2,2000.00\n3,0.20\n", "PRICE-1_2.csv")
        document = self.run_command("held", "--vendor", "PRICE-1", "-s", STACK, "--json").document
        self.assertEqual([(row["upload_id"], row["row_number"], row["current_value"], row["new_value"])
                          for row in document["held"]], [(upload, 2, "20.00", "2000.00"), (upload, 3, "20.00", "0.20")])
        self.run_command("approve", upload, "--rows", "2", "-s", STACK)
        run = self.run_command("decline", upload, "-s", STACK)
        self.assertEqual(run.out, f"Declined 1 row of upload {upload}.\n")
        prices = self.database.query("SELECT price FROM onboard.products WHERE vendor_id = 'PRICE-1' ORDER BY sku")
        self.assertEqual([row["price"] for row in prices], ["100.00", "2000.00", "20.00"])
        self.assertEqual(self.run_command("held", "-s", STACK).out, "Nothing waits for approval.\n")

    def test_a_dead_letter_is_moved_back_and_read(self) -> None:
        self.pipeline.clients["s3"].put_object(Bucket=self.pipeline.resources.bucket, Key="uploads/LATE-1/late.csv",
                                               Body=b"vendor_product_id,product_name,category,sku,price,stock_quantity\n")
        self.pipeline.wait_quiet()
        run = self.run_command("redrive", "-s", STACK, code=1)
        self.assertIn("uploads/LATE-1/late.csv", run.out)
        self.run_command("vendor", "add", "LATE-1", "-s", STACK, "--name", "Late", "--email", "late@vendor.example")
        self.run_command("redrive", "-s", STACK, "--yes")
        self.pipeline.wait_quiet()
        self.assertEqual(self.database.number("SELECT count(*) FROM onboard.upload_history WHERE vendor_id = 'LATE-1'"), 1)


if __name__ == "__main__":
    unittest.main()
