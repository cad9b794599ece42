/*-------------------------------------------------------------------------
 *
 * metrics.h
 *	  Metrics of one invocation, as one log line in CloudWatch's Embedded
 *	  Metric Format.
 *
 * CloudWatch extracts the metrics from the line; no API is called.  Source:
 * Amazon CloudWatch User Guide, "Specification: Embedded metric format".  A
 * metric that a handler never sets is not written, and retries and durations
 * are only members of the line, because each combination of name and dimension
 * is charged for and Lambda itself counts durations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_METRICS_H
#define GLUE_LAMBDA_METRICS_H

#include <stdbool.h>
#include <stdint.h>

/* To add a metric, add a constant here and a row to the table in metrics.c. */
enum metric_id
{
	METRIC_RECORDS_PROCESSED,  /* rows of a file that were sent on */
	METRIC_PRODUCTS_VALIDATED, /* rows of uploads that have ended, with a verdict */
	METRIC_PRODUCTS_VALID,
	METRIC_PRODUCTS_INVALID,
	METRIC_ROWS_UPDATED, /* of the valid ones, by action; all others were inserted */
	METRIC_ROWS_UNCHANGED,
	METRIC_ROWS_STALE,
	METRIC_ROWS_HELD,
	METRIC_ROWS_DISCONTINUED,
	METRIC_PRODUCTS_MISSING,      /* discontinued because no row of a replace named them */
	METRIC_RECORDS_QUARANTINED,   /* stream records that cannot be decoded */
	METRIC_STATUS_UPDATES_FAILED, /* in this invocation */
	METRIC_UNKNOWN_VENDORS,  /* files of vendors that are not in the database, at each delivery */
	METRIC_ERRORS_PROCESSED, /* errors reported */
	METRIC_RETRIES,          /* retried calls; not charged for */
	METRIC_DURATION,         /* milliseconds; not charged for */
	METRIC_UPLOADS_PROCESSING,
	METRIC_UPLOADS_OLDEST,     /* seconds since its last progress */
	METRIC_UPLOADS_UNREPORTED, /* ended, but not reported to the vendor */
	METRIC_UNREPORTED_OLDEST,  /* seconds since it ended */
	METRIC_EVENTS_WAITING,
	METRIC_EVENTS_OLDEST,         /* seconds since it was written */
	METRIC_STATUS_UPDATES_MISSED, /* items whose status is out of date */
	METRIC_HELD_WAITING,          /* rows that wait for an operator */
	METRIC_HELD_OLDEST,           /* seconds since it was held */
	METRIC_EVENTS_REFUSED,        /* repeatedly, by the queue */
	METRIC_UPLOADS_REVIVED,       /* read again */
	METRIC_UPLOADS_ABANDONED,
	METRIC_UPLOADS_RECONCILED,   /* read without a notification */
	METRIC_MESSAGES_REDRIVEN,    /* returned from dead-letter queues */
	METRIC_DATABASE_DISK,        /* percent of the data volume that is used */
	METRIC_DATABASE_CERTIFICATE, /* seconds until it expires */
	METRIC_DATABASE_BACKUP,      /* seconds since the last one */
	METRIC_COUNT
};

/* Allocated by the caller; zeroed means empty. */
struct metrics
{
	int64_t values[METRIC_COUNT];
	bool touched[METRIC_COUNT];
};

/* Add to a metric; adding 0 makes it appear. */
extern void metrics_add(struct metrics *metrics, enum metric_id id, int64_t more);

/*
 * Write the line.  The metrics are below this namespace, and handler is their
 * only dimension; now_ms is the time in milliseconds since 1970.
 */
extern void
metrics_write(const struct metrics *metrics, const char *metrics_namespace, const char *handler,
			  const char *request_id, int64_t now_ms, int descriptor);

#endif /* GLUE_LAMBDA_METRICS_H */
