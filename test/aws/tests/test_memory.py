"""Run every handler under valgrind, once with work and once more: no memory errors, and no leaks.

Sandboxes are stopped with SIGTERM here, so that valgrind can look for unreachable memory.
"""

import base64
import glob
import json
import os
import re
import shutil
import signal
import stat
import tempfile
import unittest
import uuid
from typing import Any

from database import PORT, quote, shared_server, why_not
from emulator import ACCOUNT, REGION
from event_sources import scheduled_event
from patience import wait_until
from pipeline import Database, Pipeline, queue_arn, read_settings, test_scale
from whole import BOOTSTRAP, ENVIRONMENT

VALGRIND = shutil.which("valgrind") or ""
HEADER = "vendor_product_id,product_name,category,sku,price,stock_quantity,colour\n"
ROTATED = "planted-rotated-5c1d"
TOTAL = re.compile(r"ERROR SUMMARY: (\d+) errors")


def file_of(count: int, prefix: str) -> bytes:
    """Rows of which every fifth has an invalid price, and one that cannot be read."""
    rows = [f"{prefix}{row},Näme {row},Books,{prefix}{row},{'free' if row % 5 == 0 else '1.50'},2,red\n"
        for row in range(count)]
    return (HEADER + "".join(rows) + 'x,"stray"y\n').encode()


@unittest.skipIf(why_not(), why_not())
@unittest.skipUnless(VALGRIND, "valgrind is not installed")
class MemoryTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="onboard-memory-"))
        self.database = shared_server().make_database()
        program = os.path.join(self.folder, "bootstrap")
        with open(program, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nexec {VALGRIND} --quiet --verbose --leak-check=full --show-leak-kinds=definite,indirect '
                       f'--errors-for-leak-kinds=definite,indirect --num-callers=30 --log-file={self.folder}/valgrind.%p '
                       f'{BOOTSTRAP} "$@"\n')
        os.chmod(program, stat.S_IRWXU)
        settings = test_scale(read_settings())
        for mapping in settings["EventSourceMappings"].values():
            mapping["ScalingConfig"] = {"MaximumConcurrency": 1}
        self.whole = self.enterContext(Pipeline(
            self.database.login(), program, os.path.join(self.folder, "logs"), settings=settings,
            operator=self.database.operator_login(),
            environment={**ENVIRONMENT, "SWEEP_IDLE_SECONDS": "3600", "SWEEP_UNREPORTED_SECONDS": "7200",
                         "DATABASE_CONNECT_MS": "60000"}))
        # Its objects are in another bucket.
        self.whole.functions["direct"].environment["BUCKET"] = ""

    def invoke(self, name: str, event: Any) -> Any:
        result = self.whole.functions[name].invoke(event)
        self.assertTrue(result.ok, result.error)
        return result.payload

    def end_all(self) -> None:
        # The notification of an unknown vendor would start another process.
        for mapping in self.whole.pollers:
            self.whole.pause(mapping)
        for function in self.whole.functions.values():
            for sandbox in function.sandboxes():
                sandbox.signal(signal.SIGTERM)
                sandbox.process.wait()

    def reports(self) -> list[str]:
        """Return valgrind's reports of the processes with findings; there is one report per handler."""
        texts = []
        for path in glob.glob(os.path.join(self.folder, "valgrind.*")):
            with open(path, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        self.assertGreaterEqual(len(texts), len(self.whole.functions))
        return [text for text in texts if not (total := TOTAL.findall(text)) or total[-1] != "0"]

    # Input of each handler.

    def object_event(self, content: bytes) -> dict[str, Any]:
        """An object that the pipeline's own queue does not announce."""
        bucket, key = "apart", f"uploads/VEND002/VEND002_20260104_{uuid.uuid4().int % 900000 + 100000}.csv"
        s3 = self.whole.clients["s3"]
        if bucket not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]:
            s3.create_bucket(Bucket=bucket)
        etag = s3.put_object(Bucket=bucket, Key=key, Body=content)["ETag"].strip('"')
        stored = {"key": key, "size": len(content), "eTag": etag, "sequencer": "1"}
        body = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                             "s3": {"bucket": {"name": bucket}, "object": stored}}]}
        return {"Records": [{"messageId": "m", "receiptHandle": "r", "body": json.dumps(body), "messageAttributes": {},
                             "attributes": {"ApproximateReceiveCount": "1"}, "eventSource": "aws:sqs",
                             "eventSourceARN": queue_arn("upload-events")}]}

    def rotate(self) -> None:
        """A complete rotation of a login's secret, and a step without one."""
        manager = self.whole.clients["secretsmanager"]
        self.database.query(f"""CREATE ROLE shop_group; SELECT onboard_grant_loader('shop_group');
            SET password_encryption = 'scram-sha-256'; CREATE ROLE rotator LOGIN CREATEROLE PASSWORD {quote(ROTATED)};
            CREATE ROLE shop LOGIN PASSWORD {quote(ROTATED)} IN ROLE shop_group""")
        for name, user in (("shop", "shop"), (self.whole.resources.settings["Secrets"]["administrator"], "rotator")):
            secret = Database(self.database.server.folder, PORT, self.database.name, user, ROTATED).secret()
            manager.create_secret(Name=name, SecretString=secret)
        token = str(uuid.uuid4())
        # The emulator has no such function, and reports that once the version exists.
        with self.assertRaises(manager.exceptions.ResourceNotFoundException):
            manager.rotate_secret(SecretId="shop", ClientRequestToken=token, RotationRules={"AutomaticallyAfterDays": 30},
                                  RotationLambdaARN=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotate")
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            self.assertEqual(self.invoke("rotate", {"Step": step, "SecretId": "shop",
                "ClientRequestToken": token})["result"], "done")
        self.assertFalse(self.whole.functions["rotate"].invoke({"Step": "setSecret", "SecretId": "shop"}).ok)

    def make_items_old(self) -> None:
        """Let the sweeper find items whose status is out of date."""
        self.whole.wait_quiet()
        self.whole.pause("upload-records")
        for item in self.whole.items():
            self.whole.clients["dynamodb"].put_item(TableName=self.whole.settings["Table"]["TableName"],
                                                    Item={**item, "status": {"S": "pending_validation"}})
        self.database.query("SELECT onboard_note_items(upload_id, 1) FROM onboard.item_checks")

    def operate(self) -> None:
        """Commands of an operator: a change, a refused one, a list, a malformed event."""
        vendor = {"command": "vendor_add", "vendor_id": "NEW", "vendor_name": "New", "email": "new@example.com"}
        self.assertTrue(self.invoke("operator", vendor)["added"])
        self.assertEqual(self.invoke("operator", {**vendor, "vendor_id": "NEW-2"})["error"]["code"], "EMAIL_IN_USE")
        self.assertEqual(len(self.invoke("operator", {"command": "upload_find", "vendor_id": "VEND001"})["uploads"]), 3)
        self.assertFalse(self.whole.functions["operator"].invoke({"command": "vendor_list", "limit": 5}).ok)

    def mails(self, count: int) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = []

        def all_came() -> bool:
            mails.extend(self.whole.mails())
            return len(mails) >= count

        wait_until(all_came, f"{count} mails")
        self.assertEqual(len(mails), count)
        return mails

    def test_every_handler(self) -> None:
        whole = self.whole
        self.assertEqual(self.invoke("check", {})["database"], "ok")
        for number, content in enumerate((file_of(60, "A"), b"", file_of(5, "A"))):
            whole.upload("VEND001", f"VEND001_20260104_09000{number}.csv", content)
        whole.upload("VEND999", "VEND999_20260104_090000.csv", b"")
        for content in (file_of(300, "B"), file_of(10, "B"), b"PK\x03\x04"):
            self.assertEqual(self.invoke("direct", self.object_event(content)), {"batchItemFailures": []})
        self.rotate()
        self.operate()
        links = [re.search(r"https://\S+(/r/\S+)", mail["Message"]) for mail in self.mails(6)]
        self.assertEqual({whole.call_link("GET", link[1]).status for link in links if link}, {302})
        self.assertEqual(whole.call_link("GET", "/r/" + base64.urlsafe_b64encode(b"x" * 40).decode()).status, 403)
        self.make_items_old()
        for _ in range(2):
            self.assertTrue(whole.functions["sweeper"].invoke(scheduled_event("sweeper")).ok)
        states = self.database.query("SELECT status, coalesce(failure_code, '') AS code FROM onboard.upload_history")
        self.assertEqual(sorted((str(row["status"]), str(row["code"])) for row in states), [
            ("failed", ""), ("failed", ""), ("failed", "EMPTY_FILE"),
            ("failed", "UNREADABLE_FILE"), ("partial", ""), ("partial", "")])
        self.assertNotIn("pending_validation", [item["status"]["S"] for item in self.whole.items()])
        self.end_all()
        self.assertEqual(self.reports(), [])


if __name__ == "__main__":
    unittest.main()
