"""What must hold for the templates, by name.

cfn-lint knows which properties exist; these assertions know which ones this system needs, because both emulators drop
many silently.  test/aws/tests/test_templates.py breaks each once.
"""

# Each of these modules registers its assertions.
import assertions_alarms  # noqa: F401
import assertions_artifacts  # noqa: F401
import assertions_data  # noqa: F401
import assertions_database  # noqa: F401
import assertions_functions  # noqa: F401
import assertions_queues  # noqa: F401
from assertion import ARTIFACTS, DATABASE, PIPELINE, RUNBOOK, Assertion, problems

__all__ = ["ARTIFACTS", "DATABASE", "PIPELINE", "RUNBOOK", "Assertion", "problems"]
