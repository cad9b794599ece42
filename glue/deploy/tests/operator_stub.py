"""The handlers `check` and `operator` as glue/lambda/README.md documents them, without a database."""

from typing import Any

from front import Document, FunctionError, Handler

VENDOR = {"phone": None, "business_name": None, "tax_id": None, "address": None, "city": None, "state": None,
          "country": None, "postal_code": None, "status": "active", "modes": ["insert", "upsert", "update"],
          "default_mode": "insert", "default_map": None, "price_guard": 5.0, "sold_out_guard": 0.5, "discontinue_guard": 0.2,
          "language": None, "created_at": "2026-01-04T09:00:00Z", "updated_at": "2026-01-04T09:00:00Z", "last_upload_at": None}

# Settings that are neither lists nor numbers.
TEXTS = ("default_mode", "default_map", "language")


def refuse(code: str, message: str) -> Document:
    return {"error": {"code": code, "message": message}}


def upload(upload_id: str, key: str, version: str, **more: Any) -> Document:
    """Return an upload of the first vendor that has just begun, with changes."""
    return {"upload_id": upload_id, "vendor_id": key.split("/")[1], "file_name": key.split("/")[-1], "bucket": "",
            "s3_key": key, "version_id": version, "etag": "", "status": "processing", "failure_code": None,
            "failure_message": None, "total_records": None, "valid_records": 0, "error_records": 0, "mode": "insert",
            "actions": {"inserted": 0, "updated": 0, "held": 0}, "discontinued_missing": 0, "reported": False, "undone": False,
            "created_at": "2026-01-04T09:00:00Z", "updated_at": "2026-01-04T09:00:00Z", "completed_at": None, **more}


class OperatorStub:
    """Stores vendors; uploads and what is known about them are set by tests."""

    def __init__(self) -> None:
        self.vendors: dict[str, Document] = {}
        self.uploads: list[Document] = []
        self.rows: Document = {"judged": 0, "ranges": 0, "last_row": None, "parse_attempts": 1, "revivals": 0,
                               "held_waiting": 0, "held_decisions": {}, "checkpoint": None, "idle_seconds": 5}
        self.events: list[Document] = []
        self.report: Document = {"due": False, "reported_at": None, "lease_until": None, "error_file_s3_key": None,
                                 "fix_file_s3_key": None}
        self.errors: list[Document] = []
        # By upload and row: what is held, and its outcome; reasons are of rows that cannot be applied.
        self.held: dict[tuple[str, int], Document] = {}
        self.reasons: dict[int, str] = {}

    def handlers(self, stack: str) -> dict[str, Handler]:
        return {f"{stack}-check": lambda event: {"database": "ok", "program": "1.0.0"}, f"{stack}-operator": self.answer}

    def answer(self, event: Document) -> Document:
        method = getattr(self, f"answer_{event.get('command')}", None)
        if method is None:
            raise FunctionError("EVENT_INVALID", "the event has no known command")
        arguments = {name: value for name, value in event.items() if name != "command"}
        answer: Document = method(**arguments)
        return answer

    def answer_vendor_add(self, vendor_id: str, vendor_name: str, email: str) -> Document:
        wanted = {"vendor_id": vendor_id, "vendor_name": vendor_name, "email": email}
        stored = self.vendors.get(vendor_id)
        if stored and any(stored[name] != value for name, value in wanted.items()):
            return refuse("VENDOR_EXISTS", f'vendor "{vendor_id}" is stored with other values')
        if any(each["email"] == email and each["vendor_id"] != vendor_id for each in self.vendors.values()):
            return refuse("EMAIL_IN_USE", "another vendor has this e-mail address")
        self.vendors.setdefault(vendor_id, {**VENDOR, **wanted})
        return {"added": stored is None, "vendor": self.vendors[vendor_id]}

    def answer_vendor_list(self, vendor_id: str | None = None, after: str | None = None) -> Document:
        if vendor_id is not None:
            return ({"vendors": [self.vendors[vendor_id]], "next": None} if vendor_id in self.vendors
                    else refuse("UNKNOWN_VENDOR", f'vendor "{vendor_id}" does not exist'))
        # Pages of two, so that reading them all is tested.
        ids = [each for each in sorted(self.vendors) if after is None or each > after]
        return {"vendors": [self.vendors[each] for each in ids[:2]], "next": ids[1] if len(ids) > 2 else None}

    def answer_vendor_set(self, vendor_id: str, **settings: str) -> Document:
        if vendor_id not in self.vendors:
            return refuse("UNKNOWN_VENDOR", f'vendor "{vendor_id}" does not exist')
        values: Document = {name: value.split(",") if name == "modes" else value or None if name in TEXTS
                            else float(value) if value else None for name, value in settings.items()}
        vendor = {**self.vendors[vendor_id], **values}
        if vendor["default_mode"] not in vendor["modes"]:
            return refuse("INVALID_VALUE", "a vendor's modes must include its default mode")
        changed = vendor != self.vendors[vendor_id]
        self.vendors[vendor_id] = vendor
        return {"changed": changed, "vendor": vendor}

    def answer_vendor_set_status(self, vendor_id: str, status: str) -> Document:
        if vendor_id not in self.vendors:
            return refuse("UNKNOWN_VENDOR", f'vendor "{vendor_id}" does not exist')
        changed = self.vendors[vendor_id]["status"] != status
        self.vendors[vendor_id]["status"] = status
        return {"changed": changed, "vendor": self.vendors[vendor_id]}

    def answer_upload_find(self, s3_key: str) -> Document:
        return {"uploads": [each for each in reversed(self.uploads) if each["s3_key"] == s3_key]}

    def answer_upload_trace(self, upload_id: str) -> Document:
        found = next((each for each in self.uploads if each["upload_id"] == upload_id), None)
        if found is None:
            return refuse("UNKNOWN_UPLOAD", f'upload "{upload_id}" does not exist')
        return {"upload": found, "vendor": self.vendors[found["vendor_id"]], "rows": self.rows, "events": self.events,
                "report": self.report, "errors": self.errors}

    def answer_held_list(self, upload_id: str | None = None, vendor_id: str | None = None) -> Document:
        found = [{"upload_id": key, "row_number": row, **held} for (key, row), held in self.held.items()
                 if held["outcome"] == "waiting" and upload_id in (None, key) and vendor_id in (None, held["vendor_id"])]
        # Pages of two, so that reading them all is tested.
        return {"waiting": len(found), "held": found[:2]}

    def decided(self, upload_id: str, rows: list[int]) -> list[int] | None:
        """The rows that are held; None if the upload does not exist."""
        known = any(each["upload_id"] == upload_id for each in self.uploads)
        return [row for row in rows if (upload_id, row) in self.held] if known else None

    def answer_held_approve(self, upload_id: str, rows: list[int]) -> Document:
        found = self.decided(upload_id, rows)
        if found is None:
            return refuse("UNKNOWN_UPLOAD", "there is no upload with this id that has ended")
        for row in found:
            if self.held[upload_id, row]["outcome"] == "waiting":
                self.held[upload_id, row]["outcome"] = "refused" if row in self.reasons else "applied"
        return {"rows": [{"row_number": row, "outcome": self.held[upload_id, row]["outcome"], "reason": self.reasons.get(row)}
                         for row in found]}

    def answer_held_decline(self, upload_id: str, rows: list[int]) -> Document:
        found = self.decided(upload_id, rows)
        if found is None:
            return refuse("UNKNOWN_UPLOAD", "there is no upload with this id that has ended")
        for row in found:
            if self.held[upload_id, row]["outcome"] == "waiting":
                self.held[upload_id, row]["outcome"] = "declined"
        declined = [row for row in found if self.held[upload_id, row]["outcome"] == "declined"]
        return {"declined": len(declined), "last_step": 0 in declined}
