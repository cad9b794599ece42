"""Test that the sweeper recovers what queues lose: notifications and events that died while the database was down, and
notifications that never arrived.
"""

import signal
import threading
import unittest
from typing import Any

from event_sources import EmulatedQueue
from invariants import Sent
from patience import wait_until
from pipeline import read_settings, test_scale
from whole import WholeTest

# Every file for which no upload was begun is read, and each run may begin a pass.
EAGER = {"SWEEP_UNREAD_SECONDS": "1", "SWEEP_LIST_SECONDS": "1"}
UPLOADS, EVENTS = "upload-events", "product-validation-errors"
PAGE = 1000


class OutageTest(WholeTest):
    def outage(self, receives: int = 3, environment: dict[str, str] | None = None, **options: Any) -> None:
        """Start the pipeline with queues that give up early, and let the sweeper see the bucket while it is empty."""
        environment = {"DATABASE_FAILURES": "1000", "SWEEP_UNREPORTED_SECONDS": "7200", **(environment or {})}
        self.pipeline(settings=test_scale(read_settings(), receives=receives), environment=environment, **options)
        self.sweep()

    def stop_database(self) -> None:
        self.database.server.end(signal.SIGQUIT)
        self.addCleanup(self.start_database)

    def start_database(self) -> None:
        if not self.database.server.answers():
            self.database.server.start()

    def sweep(self) -> dict[str, Any]:
        answer = self.whole.sweep()
        self.assertTrue(answer.ok, answer.error)
        payload: dict[str, Any] = answer.payload
        return payload

    def size(self, queue: str) -> int:
        return EmulatedQueue(self.whole.clients["sqs"], self.whole.resources.queue_urls[queue]).size()

    def dead(self, queue: str) -> int:
        """Return how many messages of a queue have died, or 0 if any other is left."""
        return 0 if self.size(queue) else self.size(f"{queue}-dead")

    def lose(self, *files: Sent) -> None:
        """Send files whose notifications are lost."""
        self.whole.pause("upload-events")
        self.send(*files)
        self.whole.messages(UPLOADS)
        self.whole.resume("upload-events")

    def reconcile(self, count: int) -> None:
        """Sweep until this many files were read without a notification: they must first be a second old."""
        answers: list[dict[str, Any]] = []

        def all_read() -> bool:
            answers.append(self.sweep())
            return bool(sum(answer["reconciled"] for answer in answers) >= count)

        wait_until(all_read, f"{count} files were read")
        self.assertEqual(sum(answer["reconciled"] for answer in answers), count)

    def lines(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.whole.functions["sweeper"].log.records() if line.get("message") == message]

    def readings(self) -> dict[str, int]:
        """Return how often each file was read, by its key."""
        rows = self.database.query("SELECT s3_key, parse_attempts FROM onboard.upload_history")
        return {str(row["s3_key"]): int(row["parse_attempts"] or 0) for row in rows}

    def check_read_once(self) -> None:
        self.assertEqual(self.readings(), {file.key: 1 for file in self.sent})

    def unfinished(self) -> int:
        return self.database.number("SELECT count(*) FROM onboard.upload_history "
                                    "WHERE status = 'processing' OR NOT metadata ? 'reported_at'")

    def end_lease(self) -> None:
        """A sweeper that was killed keeps its lease until it expires."""
        self.database.query("UPDATE onboard.listings SET lease_until = clock_timestamp()")

    # Dead letters.

    def kill_all_messages(self) -> int:
        """Let the ends of three uploads and the notifications of five die; return the number of messages."""
        files = self.files(8, 20, vendors=8)
        self.whole.pause("product-validation-errors")
        self.send(*files[:3])
        wait_until(lambda: self.database.number("SELECT count(*) FROM onboard.upload_history WHERE status <> 'processing'") == 3
                   and self.database.number("SELECT count(*) FROM onboard.outbox") == 0, "the first uploads ended")
        self.stop_database()
        self.whole.resume("product-validation-errors")
        self.send(*files[3:])
        wait_until(lambda: self.dead(UPLOADS) == 5 and self.dead(EVENTS) == 3, "every message died")
        return 8

    def test_outage_longer_than_the_patience_of_queues(self) -> None:
        """One run after the outage is enough; runs before its end waste no redrive."""
        self.outage()
        dead = self.kill_all_messages()
        self.assertFalse(self.whole.sweep().ok)
        self.assertEqual(self.size(f"{UPLOADS}-dead") + self.size(f"{EVENTS}-dead"), dead, "there is no database yet")
        self.start_database()
        answer = self.sweep()
        self.assertEqual((answer["redriven"], answer["reconciled"]), (dead, 0))
        self.whole.wait_quiet()
        self.assertEqual(self.unfinished(), 0)
        self.check_read_once()
        self.check()

    def test_message_that_always_fails_stays(self) -> None:
        """It is returned three times, and then left to the operator; other messages are still returned."""
        self.outage(receives=2)
        queue = self.whole.resources.queue_urls[UPLOADS]
        self.whole.clients["sqs"].send_message(QueueUrl=queue, MessageBody="no notification")
        for turn in range(3):
            wait_until(lambda: self.dead(UPLOADS) == 1, f"it died {turn + 1} times")
            self.assertEqual(self.sweep()["redriven"], 1)
        wait_until(lambda: self.dead(UPLOADS) == 1, "it died for good")
        self.assertEqual(self.sweep()["redriven"], 0)
        self.assertEqual([(line["queue"], line["events"]) for line in self.lines("dead letters stay in their queue")],
                         [(f"{UPLOADS}-dead", 1)])
        self.kill_all_messages_of_one_file()
        self.assertEqual(self.sweep()["redriven"], 1)
        self.whole.wait_quiet()
        self.assertEqual(self.unfinished(), 0)
        self.assertEqual(self.size(f"{UPLOADS}-dead"), 1)

    def kill_all_messages_of_one_file(self) -> None:
        self.stop_database()
        self.send(*self.files(1, 5))
        wait_until(lambda: self.size(UPLOADS) == 0 and self.size(f"{UPLOADS}-dead") == 2, "its notification died")
        self.start_database()

    def test_letter_that_was_returned_is_not_returned_again(self) -> None:
        """Although the rest of its batch was not sent: otherwise each run would add another copy."""
        self.outage(faults=[{"fault": "deny", "call": "sqs.SendMessageBatch", "skip": 1}])
        self.whole.pause("upload-events")
        for _ in range(2):
            # Two do not fit into one call.
            self.whole.clients["sqs"].send_message(QueueUrl=self.whole.resources.queue_urls[f"{UPLOADS}-dead"],
                                                   MessageBody=" " * 200_000)
        self.assertFalse(self.whole.sweep().ok)
        self.assertEqual([self.size(queue) for queue in (UPLOADS, f"{UPLOADS}-dead")], [1, 1])

    def test_redrive_can_be_switched_off(self) -> None:
        self.outage(receives=1, environment={"SWEEP_REDRIVES": "0"})
        self.whole.clients["sqs"].send_message(QueueUrl=self.whole.resources.queue_urls[UPLOADS], MessageBody="{}")
        wait_until(lambda: self.dead(UPLOADS) == 1, "it died")
        self.assertEqual(self.sweep()["redriven"], 0)
        self.assertEqual(self.size(f"{UPLOADS}-dead"), 1)

    # Files without a notification.

    def test_lost_notifications(self) -> None:
        self.outage(environment=EAGER)
        files = self.files(6, 20, vendors=3)
        self.send(*files[:2])
        self.whole.wait_quiet()
        self.lose(*files[2:])
        self.reconcile(4)
        self.settle()
        self.check_read_once()
        self.check()
        self.assertEqual(self.sweep()["reconciled"], 0)

    def test_which_versions_are_read(self) -> None:
        self.outage(environment=EAGER)
        odd = "uploads/VEND001/VEND001_20260104 + 1% \u00e9&<\u4e16>.csv"
        self.lose(
            self.maker.file("VEND001", odd, 5),
            self.maker.file("VEND002", "uploads/VEND002/twice.csv", 5),
            self.maker.file("VEND002", "uploads/VEND002/twice.csv", 7),
            self.maker.file("VEND003", "uploads/VEND003/removed.csv", 5),
            self.maker.file("VEND003", "uploads/VEND003/refused/VEND001_20260104_090000.csv", 5),
            self.maker.file("UNKNOWN", "uploads/UNKNOWN/later.csv", 5),
            self.maker.file("VEND001", "uploads/nowhere.csv", 5),
            self.maker.file("VEND001", "elsewhere/VEND001/other.csv", 5))
        bucket = self.whole.resources.bucket
        self.whole.clients["s3"].put_object(Bucket=bucket, Key="uploads/VEND001/folder/")
        self.whole.clients["s3"].delete_object(Bucket=bucket, Key="uploads/VEND003/removed.csv")
        self.whole.messages(UPLOADS)
        self.reconcile(4)
        self.settle()
        wait_until(lambda: self.sweep() and self.lines("files of unknown vendors are not read"), "a pass ended")
        self.assertEqual(self.readings(), {odd: 1, "uploads/VEND002/twice.csv": 1,
                                           "uploads/VEND003/refused/VEND001_20260104_090000.csv": 1})
        # The version that was replaced came first.
        totals = self.database.query("SELECT total_records FROM onboard.upload_history WHERE vendor_id = 'VEND002' "
                                     "ORDER BY created_at")
        self.assertEqual([row["total_records"] for row in totals], ["5", "7"])
        self.assertEqual(self.database.value("SELECT failure_code FROM onboard.upload_history WHERE vendor_id = 'VEND003'"),
                         "OTHER_VENDOR")
        self.assertEqual(self.lines("files of unknown vendors are not read")[-1]["files"], 1)
        self.assertEqual(self.lines("files are not in any vendor's folder")[-1]["files"], 1)
        self.database.query("INSERT INTO onboard.vendors (vendor_id, vendor_name, email) "
                            "VALUES ('UNKNOWN', 'Now known', 'known@example.com')")
        self.reconcile(1)
        self.settle()
        self.assertEqual(self.readings()["uploads/UNKNOWN/later.csv"], 1)

    def test_files_older_than_the_first_pass_are_not_read(self) -> None:
        """Otherwise an installation with an old bucket would read all of it."""
        self.pipeline(environment=EAGER)
        self.lose(*self.files(2, 5))
        # S3 truncates times to seconds.
        start = self.database.value("SELECT clock_timestamp()")
        wait_until(lambda: self.database.value(f"SELECT (now() > '{start}'::timestamptz + '1 second'::interval)::text") == "true")
        self.sweep()
        late = self.maker.file("VEND005", "uploads/VEND005/late.csv", 5)
        self.lose(late)
        self.reconcile(1)
        self.settle()
        self.assertEqual(self.readings(), {late.key: 1})

    def test_files_that_the_queue_may_deliver_are_left_to_it(self) -> None:
        self.outage(environment=EAGER)
        self.whole.pause("upload-events")
        self.send(*self.files(2, 5, vendors=2))
        wait_until(lambda: self.sweep() and self.database.value("SELECT is_running::text FROM onboard.listings") == "true",
                   "a pass must wait for the queue")
        self.assertEqual(self.sweep()["reconciled"], 0)
        self.assertEqual(self.readings(), {})
        # A queue that is never empty does not delay them forever.
        self.database.query("UPDATE onboard.listings SET advanced_at = advanced_at - '25 hours'::interval")
        self.reconcile(2)
        self.whole.resume("upload-events")
        self.settle()
        self.check()

    def test_files_that_s3_denies_do_not_hold_up_others(self) -> None:
        """Whether a replaced file was deleted since is asked first, and the answer may always be an error."""
        self.outage(environment={**EAGER, "SWEEP_UPLOADS": "1"}, faults=[{"fault": "deny", "call": "s3.HeadObject"}])
        twice = [self.maker.file("VEND001", f"uploads/VEND001/{number}.csv", 5) for number in (1, 1, 2, 2)]
        last = self.maker.file("VEND002", "uploads/VEND002/last.csv", 5)
        self.lose(*twice, last)
        self.reconcile(3)
        self.settle()
        self.assertEqual(self.readings(), {file.key: 1 for file in (*twice, last)})
        self.assertTrue(self.lines("cannot read a file without an upload"))

    def test_pages(self) -> None:
        """A pass that needs several runs continues where it stopped, even after a kill."""
        self.outage(environment={**EAGER, "SWEEP_LIST_PAGES": "1"})
        s3, bucket = self.whole.clients["s3"], self.whole.resources.bucket
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
        for _ in range(2 * PAGE + 1):
            s3.put_object(Bucket=bucket, Key="uploads/0000", Body=b"")
        file = self.maker.file("VEND001", "uploads/VEND001/after.csv", 5)
        self.send(file)
        positions: list[str] = []

        def all_read() -> bool:
            self.whole.sweep()
            positions.append(str(self.database.value("SELECT key_marker || '|' || (version_marker <> '') FROM onboard.listings")))
            return file.key in self.readings()

        wait_until(all_read, "the last page was read")
        self.assertEqual(positions[-3:], ["uploads/0000|true", "uploads/0000|true", "|false"])
        self.settle()
        self.check_read_once()

    def test_kills(self) -> None:
        """A sweeper that is killed at any step loses nothing; at worst a message is delivered twice."""
        self.outage(environment=EAGER, faults=[
            {"fault": f"kill_{moment}", "call": call, "skip": skip, "times": 1} for call, skip, moment in (
                ("sqs.GetQueueAttributes", 2, "after"), ("sqs.ReceiveMessage", 0, "before"),
                ("sqs.DeleteMessageBatch", 0, "before"), ("sqs.DeleteMessageBatch", 1, "after"),
                ("s3.ListObjectVersions", 1, "before"), ("s3.ListObjectVersions", 2, "after"),
                ("s3.HeadObject", 0, "after"))])
        dead = self.kill_all_messages()
        self.start_database()
        lost = [self.maker.file("VEND009", "uploads/VEND009/lost.csv", rows) for rows in (5, 6)]

        def swept() -> bool:
            self.whole.sweep()
            self.end_lease()
            return self.size(f"{UPLOADS}-dead") + self.size(f"{EVENTS}-dead") == 0

        wait_until(swept, f"{dead} messages were returned")
        self.whole.wait_quiet()
        self.lose(*lost)

        def all_killed() -> bool:
            self.whole.sweep()
            self.end_lease()
            return not self.whole.unfired() and len(self.readings()) == 9

        wait_until(all_killed, "every kill occurred and the files were read")
        self.settle()
        self.assertEqual(self.database.query("SELECT upload_id FROM onboard.upload_history "
                                             "WHERE total_records <> valid_records + error_records"), [])
        self.assertEqual(len(self.whole.mails()), 10)
        self.assertEqual([self.size(f"{queue}-dead") for queue in (UPLOADS, EVENTS)], [0, 0])

    def test_two_sweepers_at_once(self) -> None:
        self.outage(environment=EAGER)
        dead = self.kill_all_messages()
        self.start_database()
        self.assertEqual(sum(answer["redriven"] for answer in self.sweep_twice()), dead)
        self.settle()
        self.lose(*(self.maker.file(f"VEND{number:03}", f"uploads/VEND{number:03}/lost.csv", 10) for number in range(1, 9)))
        wait_until(lambda: sum(answer["reconciled"] for answer in self.sweep_twice()) or len(self.readings()) == 16,
                   "the lost files are read")
        self.settle()
        self.check_read_once()
        self.check()

    def sweep_twice(self) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        threads = [threading.Thread(target=lambda: answers.append(self.sweep())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 2)
        return answers


if __name__ == "__main__":
    unittest.main()
