"""The whole pipeline on one machine: emulated services, a proxy that injects faults, the functions, and their event
sources.

    with Pipeline(database, bootstrap, folder) as pipeline:
        pipeline.upload("VEND001", "VEND001_20260104_090000.csv", content)
        pipeline.wait_quiet()

Resources, mappings and variables come from the template, by deployed_settings.py.  Functions use the services through the
proxy, tests and pollers directly, so that every fault strikes a function.  All ports are free ports of 127.0.0.1, and all
processes are stopped by their own process id when the with statement ends, for whatever reason.
"""

import copy
import json
import os
import random
import secrets
import signal
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Mapping

from call_record import new_access_key
from deployed_settings import read_settings, variables
from emulator import ACCOUNT, REGION, Emulator, client
from event_sources import (DeliveryFaults, EmulatedQueue, EmulatedShard, PollerThread, QueueConsumer, QueuePoller,
                           StreamConsumer, StreamPoller, UrlReply, scheduled_event, url_event, url_reply)
from fault_plan import FaultPlan
from fault_proxy import FaultProxy
from patience import HANG_SECONDS, PAUSE_SECONDS
from runtime_api import Function, FunctionSettings, Result

# The template's queues that functions use.
QUEUES = {"UploadQueue": "upload-events", "UploadDeadQueue": "upload-events-dead", "ErrorQueue": "product-validation-errors",
          "ErrorDeadQueue": "product-validation-errors-dead", "QuarantineQueue": "upload-records-quarantine"}
SERVICES = ("s3", "dynamodb", "dynamodbstreams", "sqs", "sns", "secretsmanager")


class NotQuiet(Exception):
    """The pipeline did not become idle in time; the message says what was still in progress."""


@dataclass(frozen=True)
class Database:
    """How the functions connect to PostgreSQL; stored in the secret that the handlers read."""

    host: str
    port: int
    dbname: str
    username: str
    password: str = ""
    ca: str = ""

    def secret(self) -> str:
        return json.dumps({"host": self.host, "port": self.port, "dbname": self.dbname, "username": self.username,
                           "password": self.password, **({"ca": self.ca} if self.ca else {})})


@dataclass
class Kills:
    """Kills of working processes: the probability per invocation, the latest time in seconds, and their number."""

    seed: int = 0
    probability: float = 0.0
    within: float = 0.1
    times: int | None = None

    def __post_init__(self) -> None:
        self.random = random.Random(f"kills/{self.seed}")
        self.planned = 0

    def draw(self) -> float | None:
        if self.random.random() >= self.probability or (self.times is not None and self.planned >= self.times):
            return None
        self.planned += 1
        return self.random.random() * self.within


def test_scale(settings: dict[str, Any], retry: int = 1, receives: int | None = None) -> dict[str, Any]:
    """The deployed settings with shorter times, and `receives` deliveries before a message is discarded.

    A failed message is redelivered after `retry` seconds.  Frequent faults would otherwise send valid messages to the
    dead-letter queue, as can happen on AWS.
    """
    scaled = copy.deepcopy(settings)
    for queue in scaled["Queues"].values():
        if receives is not None and "RedrivePolicy" in queue:
            queue["RedrivePolicy"]["maxReceiveCount"] = receives
    for mapping in scaled["EventSourceMappings"].values():
        if "Queue" in mapping["EventSource"]:
            mapping["RetrySeconds"] = retry
        if "MaximumBatchingWindowInSeconds" in mapping:
            mapping["MaximumBatchingWindowInSeconds"] = 0.05
    return scaled


def local_ports(pid: int) -> set[int]:
    """Return the local ports of a process's TCP connections (see proc_pid_net(5))."""
    ports = {}
    with open("/proc/net/tcp", encoding="ascii") as file:
        for line in file.readlines()[1:]:
            fields = line.split()
            ports[f"socket:[{fields[9]}]"] = int(fields[1].rpartition(":")[2], 16)
    found = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                found.add(ports.get(os.readlink(f"/proc/{pid}/fd/{name}"), 0))
    except OSError:
        # The process has ended.
        pass
    return found - {0}


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


@dataclass
class Resources:
    """Resources in the emulated services, by their names in the settings."""

    settings: dict[str, Any]
    bucket: str = "ecommerce-product-uploads"
    queue_urls: dict[str, str] = field(default_factory=dict)
    topic_arn: str = ""
    stream_arn: str = ""
    link_key: str = field(default_factory=lambda: secrets.token_hex(32))

    def make(self, clients: dict[str, Any], database: Database, administrator: Database | None = None,
             operator: Database | None = None) -> None:
        """Create everything; the secrets of administrator and operator only if they are specified."""
        self.make_queues(clients["sqs"])
        self.make_bucket(clients["s3"])
        self.make_table(clients["dynamodb"])
        self.make_topic(clients["sns"], clients["sqs"])
        names = self.settings["Secrets"]
        clients["secretsmanager"].create_secret(Name=names["database"], SecretString=database.secret())
        if administrator:
            clients["secretsmanager"].create_secret(Name=names["administrator"], SecretString=administrator.secret())
        if operator:
            clients["secretsmanager"].create_secret(Name=names["operator"], SecretString=operator.secret())
        clients["secretsmanager"].create_secret(Name=names["link"], SecretString=json.dumps({"current": self.link_key}))

    def make_queues(self, sqs: Any) -> None:
        def attributes(queue: dict[str, Any]) -> dict[str, str]:
            given = {name: str(value).lower() for name, value in queue.items() if name != "RedrivePolicy"}
            if "RedrivePolicy" in queue:
                policy = queue["RedrivePolicy"]
                given["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": queue_arn(policy["deadLetterQueue"]),
                                                     "maxReceiveCount": policy["maxReceiveCount"]})
            return given

        # Dead-letter queues come first.
        queues = sorted(self.settings["Queues"].items(), key=lambda item: "RedrivePolicy" in item[1])
        for name, queue in queues:
            self.queue_urls[name] = sqs.create_queue(QueueName=name, Attributes=attributes(queue))["QueueUrl"]

    def make_bucket(self, s3: Any) -> None:
        bucket = self.settings["Bucket"]
        notification = bucket["Notification"]
        s3.create_bucket(Bucket=self.bucket)
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=bucket["VersioningConfiguration"])
        announced = {"QueueArn": queue_arn(notification["Queue"]), "Events": notification["Events"],
                     "Filter": {"Key": {"FilterRules": notification["FilterRules"]}}}
        s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"QueueConfigurations": [announced]})

    def make_table(self, dynamodb: Any) -> None:
        table = dict(self.settings["Table"])
        time_to_live = table.pop("TimeToLiveSpecification")
        self.stream_arn = dynamodb.create_table(**table)["TableDescription"]["LatestStreamArn"]
        dynamodb.update_time_to_live(TableName=table["TableName"], TimeToLiveSpecification=time_to_live)

    def make_topic(self, sns: Any, sqs: Any) -> None:
        """Create the topic, with a queue in place of the vendors' mailboxes."""
        self.queue_urls["mails"] = sqs.create_queue(QueueName="mails")["QueueUrl"]
        self.topic_arn = sns.create_topic(Name=self.settings["Topic"])["TopicArn"]
        sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=queue_arn("mails"))

    def environment(self, url: str, handler: str) -> dict[str, str]:
        """Return a function's environment: the services' own variables, with an access key of its own, and the template's."""
        url_of_links = f"https://emulated.lambda-url.{REGION}.on.aws/"
        return {
            "AWS_ACCESS_KEY_ID": new_access_key(handler),
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_SESSION_TOKEN": "emulated",
            "AWS_ENDPOINT_URL": url,
            **variables(handler, {
                "UploadBucket": {"Ref": self.bucket},
                "UploadRecords": {"Ref": self.settings["Table"]["TableName"]},
                "NotificationTopic": {"Ref": self.topic_arn},
                "LinkKey": {"Ref": self.settings["Secrets"]["link"]},
                "LinkFunctionUrl": {"FunctionUrl": url_of_links},
                **{logical_id: {"Ref": self.queue_urls[name]} for logical_id, name in QUEUES.items()},
            }),
        }


class Pipeline:
    """The pipeline, for the duration of a with statement.

    `operator` is the login of the handler of that name, by default that of all others.
    `plan` has the faults of the services, `delivery` those of deliveries, `kills` the kills of processes.
    `environment` is added to the functions' environment.  Logs are written below `folder`.
    """

    def __init__(self, database: Database, bootstrap: str, folder: str, *, plan: FaultPlan | None = None,
                 delivery: DeliveryFaults | None = None, kills: Kills | None = None,
                 environment: dict[str, str] | None = None, settings: dict[str, Any] | None = None,
                 operator: Database | None = None, freeze: bool = False, port: int = 0) -> None:
        self.database = database
        self.operator = operator or database
        self.bootstrap = os.path.abspath(bootstrap)
        self.folder = folder
        self.plan = plan or FaultPlan()
        self.delivery = delivery or DeliveryFaults()
        self.kills = kills or Kills()
        self.settings = settings or test_scale(read_settings())
        self.resources = Resources(self.settings)
        self.functions: dict[str, Function] = {}
        self.pollers: dict[str, list[PollerThread]] = {}
        self.clients: dict[str, Any] = {}
        self._environment = environment or {}
        self._freeze = freeze
        self._port = port
        self._stack = ExitStack()

    def __enter__(self) -> "Pipeline":
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._stack.close()

    def _start(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        emulator = self._stack.enter_context(Emulator(os.path.join(self.folder, "emulator.log"), self._port))
        self.clients = {service: client(service, emulator.url, max_pool_connections=20) for service in SERVICES}
        self.resources.make(self.clients, self.database, operator=self.operator)
        self.proxy = self._stack.enter_context(FaultProxy(emulator.url, self.plan, kill=self.kill_owner))
        for name in self.settings["Functions"]:
            self._add_function(name)
        for name, mapping in self.settings["EventSourceMappings"].items():
            self.pollers[name] = self._make_pollers(name, mapping)
        # Stop functions before their pollers, so that an invocation does not delay shutdown.
        for threads in self.pollers.values():
            for thread in threads:
                self._stack.callback(thread.stop)
                thread.start()
        for function in self.functions.values():
            self._stack.callback(function.stop)

    def _add_function(self, name: str) -> None:
        given = self.settings["Functions"][name]
        settings = FunctionSettings(name, self.bootstrap, name, given["Timeout"], given["MemorySize"],
                                    concurrency=4, freeze=self._freeze)
        environment = {**self.resources.environment(self.proxy.url, name), **self._environment}
        log = os.path.join(self.folder, f"{name}.log")
        self.functions[name] = Function(settings, environment, log, self.kills.draw)

    def _make_pollers(self, name: str, mapping: dict[str, Any]) -> list[PollerThread]:
        function = self.functions[mapping["FunctionName"]]
        source = mapping["EventSource"]
        if "Stream" in source:
            shard = EmulatedShard(self.clients["dynamodbstreams"], self.resources.stream_arn)
            destination = self.resources.queue_urls[mapping["DestinationConfig"]["OnFailure"]["Queue"]]
            consumer = StreamConsumer(
                mapping, function.invoke,
                lambda message: self.clients["sqs"].send_message(QueueUrl=destination, MessageBody=json.dumps(message)),
                function.settings.arn, shard.stream_arn, shard.shard_id, faults=self.delivery)
            return [PollerThread(name, StreamPoller(shard, consumer))]
        queue = EmulatedQueue(self.clients["sqs"], self.resources.queue_urls[source["Queue"]])
        concurrency = mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 2)
        consumers = [QueueConsumer(mapping, queue, function.invoke, queue_arn(source["Queue"]), self.delivery)
                     for _ in range(concurrency)]
        return [PollerThread(name, QueuePoller(queue, consumer)) for consumer in consumers]

    # Interface for tests.

    @property
    def bucket(self) -> str:
        return self.resources.bucket

    @property
    def refused(self) -> Mapping[str, int]:
        """Return how many calls were over a limit of their service."""
        return self.proxy.plan.refused

    def upload(self, vendor_id: str, file_name: str, content: bytes) -> str:
        """Put a vendor's file where the vendor would; return its key."""
        key = f"uploads/{vendor_id}/{file_name}"
        self.clients["s3"].put_object(Bucket=self.resources.bucket, Key=key, Body=content)
        return key

    def notification(self, key: str) -> dict[str, Any]:
        """Return S3's record of an object in its current state."""
        head = self.clients["s3"].head_object(Bucket=self.bucket, Key=key)
        return {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
            "bucket": {"name": self.bucket},
            "object": {"key": key, "size": head["ContentLength"], "eTag": head["ETag"].strip('"'),
                       "versionId": head["VersionId"], "sequencer": "00"}}}

    def announce(self, *records: dict[str, Any]) -> None:
        """Send S3's records to the parser's queue again, in one message."""
        self.clients["sqs"].send_message(QueueUrl=self.resources.queue_urls["upload-events"],
                                         MessageBody=json.dumps({"Records": records}))

    def object(self, key: str) -> bytes:
        return bytes(self.clients["s3"].get_object(Bucket=self.resources.bucket, Key=key)["Body"].read())

    def object_keys(self, prefix: str) -> list[str]:
        paginator = self.clients["s3"].get_paginator("list_objects_v2")
        pages = paginator.paginate(Bucket=self.resources.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def items(self) -> list[dict[str, Any]]:
        """Return all items of the table, with their attribute types."""
        pages = self.clients["dynamodb"].get_paginator("scan").paginate(TableName=self.settings["Table"]["TableName"])
        return [item for page in pages for item in page["Items"]]

    def messages(self, queue: str) -> list[str]:
        """Remove all messages from a queue; return their bodies."""
        taken = EmulatedQueue(self.clients["sqs"], self.resources.queue_urls[queue])
        bodies = []
        while messages := taken.receive(10):
            bodies += [message["Body"] for message in messages]
            taken.delete(messages)
        return bodies

    def mails(self) -> list[dict[str, Any]]:
        """Return what was published on the topic since the last call: Subject, Message, MessageAttributes."""
        return [json.loads(body) for body in self.messages("mails")]

    def call_link(self, method: str, path: str, query: str = "") -> UrlReply:
        return url_reply(self.functions["link"].invoke(url_event(method, path, query)))

    def sweep(self) -> Result:
        return self.functions["sweeper"].invoke(scheduled_event("sweeper"))

    def kill_owner(self, port: int) -> bool:
        """Kill the function's process that has a connection from this port; return whether there was one."""
        owner = next((sandbox for function in self.functions.values() for sandbox in function.sandboxes()
                      if port in local_ports(sandbox.process.pid)), None)
        if owner is None:
            return False
        owner.signal(signal.SIGKILL)
        owner.process.wait()
        return True

    def pause(self, mapping: str) -> None:
        """Take no more from an event source; return once nothing of it is in progress."""
        for thread in self.pollers[mapping]:
            thread.pause()

    def resume(self, mapping: str) -> None:
        for thread in self.pollers[mapping]:
            thread.resume()

    def errors(self) -> list[str]:
        """Return the errors of the pollers themselves."""
        return [error for thread in self._threads() for error in thread.errors]

    def _threads(self) -> list[PollerThread]:
        return [thread for threads in self.pollers.values() for thread in threads]

    def wait_quiet(self, seconds: float = HANG_SECONDS) -> None:
        """Wait until all sources that are not paused are empty and nothing is in progress, or raise NotQuiet.

        One check of everything is not enough, because work moves between sources meanwhile; so nothing may have been
        done between two checks that found everything idle.
        """
        end = time.monotonic() + seconds
        before: list[int] | None = None
        while True:
            steps = [thread.steps for thread in self._threads()]
            noisy = [name for name, threads in self.pollers.items()
                     if not all(thread.paused or thread.quiet() for thread in threads)]
            if self.errors():
                raise NotQuiet("a poller failed: " + self.errors()[0])
            if not noisy and steps == before:
                return
            before = None if noisy else steps
            if time.monotonic() > end:
                raise NotQuiet(f"not quiet after {seconds} s: {', '.join(noisy)}; {json.dumps(self.activity())}")
            time.sleep(PAUSE_SECONDS)

    def activity(self) -> dict[str, dict[str, int]]:
        return {name: {"invocations": function.invocations, "errors": function.errors,
                       "cold_starts": function.cold_starts} for name, function in self.functions.items()}

    def unfired(self) -> list[str]:
        """Return the planned faults that never occurred; a test of faults fails if there are any."""
        kills = sum(function.kills for function in self.functions.values())
        return [*self.plan.unfired(), *self.delivery.unfired(),
                *(["kill"] if self.kills.probability > 0 and not kills else [])]

    def fault_table(self) -> str:
        """Return how often each fault occurred, for the log of a run."""
        lines = [self.proxy.plan.table()]
        lines += [f"{fault} of deliveries: {count}" for fault, count in sorted(self.delivery.fired.items())]
        lines += [f"kills of {name}: {function.kills}" for name, function in self.functions.items() if function.kills]
        return "\n".join(lines)

    def log_text(self) -> str:
        """Return everything that functions logged."""
        return "\n".join(line for function in self.functions.values() for line in function.log.lines())
