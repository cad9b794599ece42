/*-------------------------------------------------------------------------
 *
 * metrics.c
 *	  Metrics of one invocation, in CloudWatch's Embedded Metric Format.
 *
 *-------------------------------------------------------------------------
 */
#include "lambda/json_line.h"
#include "lambda/metrics.h"

static const struct
{
	const char *name;
	const char *unit; /* as in MetricDatum of the CloudWatch API; NULL: only a member of the line */
} known_metrics[METRIC_COUNT] = {
	[METRIC_RECORDS_PROCESSED] = {"CSVRecordsProcessed", "Count"},
	[METRIC_PRODUCTS_VALIDATED] = {"ProductsValidated", "Count"},
	[METRIC_PRODUCTS_VALID] = {"ProductsValid", "Count"},
	[METRIC_PRODUCTS_INVALID] = {"ProductsInvalid", "Count"},
	[METRIC_ROWS_UPDATED] = {"RowsUpdated", "Count"},
	[METRIC_ROWS_UNCHANGED] = {"RowsUnchanged", "Count"},
	[METRIC_ROWS_STALE] = {"RowsStale", "Count"},
	[METRIC_ROWS_HELD] = {"RowsHeld", "Count"},
	[METRIC_ROWS_DISCONTINUED] = {"RowsDiscontinued", "Count"},
	[METRIC_PRODUCTS_MISSING] = {"ProductsMissing", "Count"},
	[METRIC_RECORDS_QUARANTINED] = {"RecordsQuarantined", "Count"},
	[METRIC_STATUS_UPDATES_FAILED] = {"StatusUpdatesFailed", "Count"},
	[METRIC_UNKNOWN_VENDORS] = {"UnknownVendors", "Count"},
	[METRIC_ERRORS_PROCESSED] = {"ErrorsProcessed", "Count"},
	[METRIC_RETRIES] = {"Retries", NULL},
	[METRIC_DURATION] = {"Duration", NULL},
	[METRIC_UPLOADS_PROCESSING] = {"UploadsProcessing", "Count"},
	[METRIC_UPLOADS_OLDEST] = {"UploadsOldestSeconds", "Seconds"},
	[METRIC_UPLOADS_UNREPORTED] = {"UploadsUnreported", "Count"},
	[METRIC_UNREPORTED_OLDEST] = {"UnreportedOldestSeconds", "Seconds"},
	[METRIC_EVENTS_WAITING] = {"EventsWaiting", "Count"},
	[METRIC_EVENTS_OLDEST] = {"EventsOldestSeconds", "Seconds"},
	[METRIC_STATUS_UPDATES_MISSED] = {"StatusUpdatesMissed", "Count"},
	[METRIC_HELD_WAITING] = {"HeldRowsWaiting", "Count"},
	[METRIC_HELD_OLDEST] = {"HeldRowsOldestSeconds", "Seconds"},
	[METRIC_EVENTS_REFUSED] = {"EventsRefused", "Count"},
	[METRIC_UPLOADS_REVIVED] = {"UploadsRevived", "Count"},
	[METRIC_UPLOADS_ABANDONED] = {"UploadsAbandoned", "Count"},
	[METRIC_UPLOADS_RECONCILED] = {"UploadsReconciled", "Count"},
	[METRIC_MESSAGES_REDRIVEN] = {"MessagesRedriven", "Count"},
	[METRIC_DATABASE_DISK] = {"DatabaseDiskUsed", "Percent"},
	[METRIC_DATABASE_CERTIFICATE] = {"DatabaseCertificateSeconds", "Seconds"},
	[METRIC_DATABASE_BACKUP] = {"DatabaseBackupSeconds", "Seconds"},
};

void
metrics_add(struct metrics *metrics, enum metric_id id, int64_t more)
{
	metrics->values[id] += more;
	metrics->touched[id] = true;
}

/*
 * Add the member "_aws", which says which members of the line are metrics.
 */
static void
add_directive(struct json_line *line, const struct metrics *metrics, const char *metrics_namespace,
			  int64_t now_ms)
{
	json_line_open_object(line, "_aws");
	json_line_integer(line, "Timestamp", now_ms);
	json_line_open_array(line, "CloudWatchMetrics");
	json_line_open_object(line, NULL);
	json_line_text(line, "Namespace", metrics_namespace);
	json_line_open_array(line, "Dimensions");
	json_line_open_array(line, NULL);
	json_line_text(line, NULL, "Handler");
	json_line_close(line);
	json_line_close(line);
	json_line_open_array(line, "Metrics");
	for (int id = 0; id < METRIC_COUNT; id++)
	{
		if (!metrics->touched[id] || known_metrics[id].unit == NULL)
			continue;
		json_line_open_object(line, NULL);
		json_line_text(line, "Name", known_metrics[id].name);
		json_line_text(line, "Unit", known_metrics[id].unit);
		json_line_close(line);
	}
	json_line_close(line);
	json_line_close(line);
	json_line_close(line);
	json_line_close(line);
}

void
metrics_write(const struct metrics *metrics, const char *metrics_namespace, const char *handler,
			  const char *request_id, int64_t now_ms, int descriptor)
{
	struct json_line line;

	json_line_init(&line);
	add_directive(&line, metrics, metrics_namespace, now_ms);
	json_line_text(&line, "Handler", handler);
	json_line_text(&line, "request_id", request_id);
	for (int id = 0; id < METRIC_COUNT; id++)
	{
		if (metrics->touched[id])
			json_line_integer(&line, known_metrics[id].name, metrics->values[id]);
	}
	json_line_write(&line, descriptor);
}
