"""Run the program against servers that others have written: an S3 server that verifies signatures, ElasticMQ, and the
runtime interface emulator of AWS.

Run by peers.sh, which installs them in the folder ONBOARD_PEERS, each with a file NAME.missing if it could not.
"""

import json
import os
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
import uuid
from typing import Any

import test_aws_client
from database import shared_server, why_not
from emulator import REGION, client
from patience import HANG_SECONDS, wait_until
from test_aws_client import KEY, Result, build_driver

PEERS = os.environ["ONBOARD_PEERS"]
HOST = "127.0.0.1"
ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "planted-secret-key"
# All characters that are encoded in one place and not in another. The peer keeps objects as files, so no name is empty
# or longer than 255 bytes.
KEYS = [KEY, "uploads/VEND001/" + "k" * 200 + "/" + "l" * 200 + ".csv", "uploads/VEND001/%2F+%20 +.csv",
        "uploads/VEND001/\u4e16\u754c \U0001f600.csv", "uploads/VEND001/<&>'\"`|^{}[]~!@$(),;=.csv"]
INVOCATIONS = "/2015-03-31/functions/function/invocations"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), HANG_SECONDS).close()
        return True
    except OSError:
        return False


class PeerTest(unittest.TestCase):
    """A peer, started for all tests of a class on a free port of loopback."""

    maxDiff = None
    peer = ""
    port = 0
    folder = ""

    @classmethod
    def setUpClass(cls) -> None:
        if cls.why_missing():
            return
        build_driver()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="onboard-peer-"))
        cls.port = free_port()
        cls.start_peer()

    @classmethod
    def why_missing(cls) -> str:
        try:
            with open(os.path.join(PEERS, f"{cls.peer}.missing"), encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def setUp(self) -> None:
        if self.why_missing():
            self.skipTest(self.why_missing())

    @classmethod
    def start_peer(cls) -> None:
        raise NotImplementedError

    @classmethod
    def start(cls, command: list[str], environment: dict[str, str]) -> None:
        """Start the peer and wait until it accepts connections."""
        log = cls.enterClassContext(open(os.path.join(cls.folder, "log"), "wb"))
        process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **environment}, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, cwd=cls.folder)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)
        wait_until(lambda: process.poll() is not None or accepts(cls.port), f"{cls.peer} accepts connections")
        if process.poll() is not None:
            with open(os.path.join(cls.folder, "log"), encoding="utf-8") as file:
                raise RuntimeError(f"{cls.peer} ended: {file.read()}")

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def file(self, content: bytes) -> str:
        path = os.path.join(self.folder, "content")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def drive(self, *arguments: Any, secret: str = SECRET_KEY) -> Result:
        return test_aws_client.drive(self.url, *arguments, DRIVER_ACCESS_KEY=ACCESS_KEY, DRIVER_SECRET_KEY=secret,
                                     DRIVER_SESSION_TOKEN="")

    def succeed(self, *arguments: Any) -> str:
        """Return what the driver prints."""
        result = self.drive(*arguments)
        self.assertTrue(result.success, result.text)
        return result.output.decode()


class SignatureTest(PeerTest):
    """versitygw verifies signatures, which the emulated services do not."""

    peer = "versitygw"
    s3: Any

    @classmethod
    def start_peer(cls) -> None:
        root, versions, sidecar = (os.path.join(cls.folder, name) for name in ("root", "versions", "sidecar"))
        for folder in (root, versions, sidecar):
            os.mkdir(folder)
        cls.start([os.path.join(PEERS, "versitygw"), "--port", f"{HOST}:{cls.port}", "posix", "--sidecar", sidecar,
                   "--versioning-dir", versions, root],
                  {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY})
        cls.s3 = client("s3", f"http://{HOST}:{cls.port}", access_key=ACCESS_KEY, secret_key=SECRET_KEY)

    def bucket(self) -> str:
        """Create a versioned bucket."""
        name = f"bucket-{uuid.uuid4()}"
        self.s3.create_bucket(Bucket=name)
        self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def test_objects_with_odd_keys_are_written_read_and_listed(self) -> None:
        bucket, versions = self.bucket(), {}
        for key in KEYS:
            with self.subTest(key=key):
                for content in (b"first", b"second"):
                    result = self.drive("put", bucket, key, self.file(content), "bytes")
                    self.assertTrue(result.success, result.text)
                    version = result.text.split()[3]
                    versions[version] = key
                    self.assertEqual(self.succeed("get", bucket, key, version, "", 0, 0), content.decode())
                self.assertEqual(self.succeed("get", bucket, key, "", "", 2, 5), "con")
        listed = [line.split(" ", 3) for line in self.succeed("versions", bucket, "").splitlines()]
        self.assertEqual({version: key for version, _, _, key in listed}, versions)
        self.assertEqual(sorted(age for _, _, age, _ in listed), ["latest"] * len(KEYS) + ["older"] * len(KEYS))

    def test_every_way_to_write_is_signed_correctly(self) -> None:
        bucket = self.bucket()
        for way in ("bytes", "file"):
            self.succeed("put", bucket, f"uploads/{way}", self.file(b"x" * 3_000_000), way)
            self.assertEqual(len(self.succeed("get", bucket, f"uploads/{way}", "", "", 0, 0)), 3_000_000)

    def test_a_wrong_secret_is_refused(self) -> None:
        bucket = self.bucket()
        for arguments in (("put", bucket, "uploads/x", self.file(b"x"), "bytes"),
                          ("get", bucket, "uploads/x", "", "", 0, 0), ("versions", bucket, "uploads/")):
            with self.subTest(arguments[0]):
                result = self.drive(*arguments, secret="wrong")
                self.assertEqual((result.success, result.code), (False, "AWS_CREDENTIALS"), result.text)

    def test_presigned_urls_work_until_they_are_changed(self) -> None:
        bucket = self.bucket()
        for key in KEYS:
            with self.subTest(key=key):
                self.succeed("put", bucket, key, self.file(key.encode()), "bytes")
                url = self.succeed("presign", bucket, key, "", 'attachment; filename="errors.csv"', 60).strip()
                with urllib.request.urlopen(url, timeout=HANG_SECONDS) as reply:
                    self.assertEqual(reply.read(), key.encode())
                    self.assertEqual(reply.headers["Content-Disposition"], 'attachment; filename="errors.csv"')
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(url.replace("Expires=60", "Expires=61"), timeout=HANG_SECONDS)
                self.assertEqual(refused.exception.code, 403)


class QueueTest(PeerTest):
    """ElasticMQ enforces SQS's limits, and has its errors."""

    peer = "elasticmq"
    sqs: Any

    @classmethod
    def start_peer(cls) -> None:
        cls.start(["java", "-cp", os.path.join(PEERS, "elasticmq", "*"), f"-Dnode-address.port={cls.port}",
                   f"-Drest-sqs.bind-hostname={HOST}", f"-Drest-sqs.bind-port={cls.port}", "-Drest-stats.enabled=false",
                   "org.elasticmq.server.Main"], {})
        cls.sqs = client("sqs", f"http://{HOST}:{cls.port}")

    def queue(self) -> str:
        name = self.id().rpartition(".")[2]
        return str(self.sqs.create_queue(QueueName=name[:80], Attributes={"VisibilityTimeout": "60"})["QueueUrl"])

    def test_messages_are_sent_counted_received_and_deleted(self) -> None:
        queue = self.queue()
        self.assertEqual(self.succeed("send", queue, 25).strip(), "unsent 0 sent 25 refused 0")
        bodies: list[str] = []
        for visible in (25, 15, 5, 0):
            first, *rest = self.succeed("drain", queue).splitlines()
            self.assertEqual(first, f"visible {visible} others 0")
            bodies += rest
        self.assertEqual(sorted(json.loads(body)["event_id"] for body in bodies), list(range(25)))

    def test_a_message_that_is_refused_does_not_take_others_with_it(self) -> None:
        queue = self.queue()
        results = self.succeed("between", queue, self.file(b"a\x01b")).splitlines()
        self.assertEqual([result.split()[0] for result in results], ["sent", "refused", "sent"])
        self.assertEqual(self.succeed("drain", queue).splitlines()[1:], ["first", "last"])

    def test_the_longest_message_is_sent_and_a_longer_one_refused(self) -> None:
        queue = self.queue()
        longest = 1024 * 1024
        self.assertEqual(self.succeed("between", queue, self.file(b"x" * longest)).split(), ["sent"] * 3)
        self.assertEqual(sorted(map(len, self.succeed("drain", queue).splitlines()[1:])), [4, 5, longest])
        # It has a call of its own, which fails as a whole.
        result = self.drive("between", queue, self.file(b"x" * (longest + 1)))
        self.assertEqual((result.success, result.code), (False, "AWS_REFUSED"), result.text)
        self.assertNotIn("x" * longest, self.succeed("drain", queue))

    def test_a_queue_that_does_not_exist(self) -> None:
        for arguments in (("send", 1), ("drain",)):
            with self.subTest(arguments[0]):
                result = self.drive(arguments[0], f"{self.url}/000000000000/absent", *arguments[1:])
                self.assertEqual((result.success, result.code), (False, "AWS_NOT_FOUND"), result.text)


@unittest.skipIf(why_not(), why_not())
class RuntimeTest(PeerTest):
    """AWS's runtime interface emulator speaks the Runtime API as Lambda does."""

    peer = "aws-lambda-rie"
    secret = ""

    @classmethod
    def start_peer(cls) -> None:
        cls.secret = os.path.join(cls.folder, "secret")
        cls.start([os.path.join(PEERS, "aws-lambda-rie"), "--runtime-interface-emulator-address", f"{HOST}:{cls.port}",
                   "--runtime-api-address", f"{HOST}:{free_port()}", os.environ["ONBOARD_BOOTSTRAP"], "check"],
                  {"AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                   "DATABASE_SECRET_FILE": cls.secret, "DATABASE_FAILURES": "1000", "DATABASE_PAUSE_SECONDS": "0"})

    def invoke(self, secret: str) -> dict[str, Any]:
        with open(self.secret, "w", encoding="utf-8") as file:
            file.write(secret)
        request = urllib.request.Request(f"{self.url}{INVOCATIONS}", b"{}")
        with urllib.request.urlopen(request, timeout=HANG_SECONDS) as reply:
            answer: dict[str, Any] = json.loads(reply.read())
        return answer

    def test_the_handler_check_is_invoked_again_and_again(self) -> None:
        nowhere = json.dumps({"host": "/nowhere", "dbname": "d", "username": "u", "password": "planted"})
        database = shared_server().make_database()
        for secret, code in (("not json", "SECRET_INVALID"), ("{}", "SECRET_INVALID"), (nowhere, "08001"),
                             (database.login().secret(), "")):
            with self.subTest(code):
                answer = self.invoke(secret)
                if code:
                    self.assertTrue(str(answer["errorMessage"]).startswith(f"{code}:"), answer)
                    self.assertRegex(str(answer["errorType"]), r"^Function\.[A-Z][A-Za-z]+$")
                else:
                    self.assertNotIn("errorMessage", answer)
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
            text = log.read()
        self.assertNotIn("planted", text)
        self.assertNotIn(database.server.password, text)
