/*-------------------------------------------------------------------------
 *
 * metrics.h
 *	  Metrics of one invocation, as one log line in CloudWatch's Embedded
 *	  Metric Format.
 *
 * The line itself becomes the metrics, no API is called.  Source: Amazon
 * CloudWatch User Guide, "Specification: Embedded metric format".  A metric
 * that a handler never touches is not written, as each pair of a name and a
 * dimension is charged for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_METRICS_H
#define GLUE_LAMBDA_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#define METRICS_NAMESPACE "EcommerceProductOnboarding"

/* To add a metric: a constant here and a row in the table of metrics.c. */
enum metric_id
{
	METRIC_RECORDS_PROCESSED, /* rows of a file that were passed on */
	METRIC_PRODUCTS_VALIDATED,
	METRIC_PRODUCTS_VALID,
	METRIC_PRODUCTS_INVALID,
	METRIC_RECORDS_QUARANTINED,   /* stream records that cannot be decoded */
	METRIC_STATUS_UPDATES_FAILED, /* items whose status is behind */
	METRIC_UNKNOWN_VENDORS,       /* files of vendors that are not in the database,
								 * each time they come */
	METRIC_ERRORS_PROCESSED,      /* errors that were reported */
	METRIC_RETRIES,               /* calls that were made again */
	METRIC_DURATION,              /* milliseconds */
	METRIC_UPLOADS_PROCESSING,
	METRIC_UPLOADS_OLDEST,     /* seconds since it moved */
	METRIC_UPLOADS_UNREPORTED, /* ended, and the vendor does not know */
	METRIC_UNREPORTED_OLDEST,  /* seconds since it ended */
	METRIC_EVENTS_WAITING,
	METRIC_EVENTS_OLDEST,   /* seconds since it was written */
	METRIC_EVENTS_REFUSED,  /* by the queue, again and again */
	METRIC_UPLOADS_REVIVED, /* read again */
	METRIC_UPLOADS_ABANDONED,
	METRIC_COUNT
};

/* Caller storage; all zero is a fresh start. */
struct metrics
{
	int64_t values[METRIC_COUNT];
	bool touched[METRIC_COUNT];
};

/* Count more of something; 0 makes it appear. */
extern void metrics_add(struct metrics *metrics, enum metric_id id, int64_t more);

/*
 * Write the line.  handler is the one dimension; now_ms is the time, in
 * milliseconds since 1970.
 */
extern void metrics_write(const struct metrics *metrics, const char *handler,
						  const char *request_id, int64_t now_ms, int descriptor);

#endif /* GLUE_LAMBDA_METRICS_H */
