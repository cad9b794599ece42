/*-------------------------------------------------------------------------
 *
 * environment.h
 *	  All our environment variables: one table that reads, checks and
 *	  documents them.
 *
 * To add a setting, add a field here and a row to the table in environment.c.
 * "bootstrap --settings" prints the table, and README.md repeats it.
 *
 * An invalid value raises an error with code SETTINGS that names the variable
 * and what it accepts, never its value.  Empty means not set.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_LAMBDA_ENVIRONMENT_H
#define GLUE_LAMBDA_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/failure.h"
#include "lambda/handler_table.h"

/* How the rows of a file reach the database; values of ROUTE. */
enum route
{
	ROUTE_AUTO,
	ROUTE_STREAM,
	ROUTE_DIRECT
};

/*
 * Values or defaults of the settings that the handler uses; the rest is zero.
 * Strings are borrowed from the environment, and NULL if not set and without
 * a default.
 */
struct settings
{
	/* the database */
	const char *database_secret_id;
	const char *database_secret_file;
	const char *database_ca_file;
	int64_t secret_ttl_seconds;
	int64_t database_connect_ms;
	int64_t database_idle_seconds;
	int64_t database_failures;
	int64_t database_pause_seconds;
	int64_t lock_timeout_ms;

	/* invocations */
	int64_t deadline_margin_ms;
	int64_t log_level; /* enum log_level */
	bool metrics;
	const char *metrics_namespace;
	const char *aws_ca_file;
	int64_t aws_calls_in_flight;

	/* locations */
	const char *bucket; /* NULL: any, for handlers that do not require it */
	const char *upload_prefix;
	const char *error_prefix;
	const char *upload_queue_url; /* NULL: no queue */
	const char *upload_records_table;
	const char *error_queue_url;
	const char *error_dead_queue_url;
	const char *upload_dead_queue_url;
	const char *quarantine_queue_url;
	const char *notification_topic_arn;
	const char *link_base_url;
	const char *link_secret_id;
	int64_t link_days;
	int64_t link_presigned_seconds;

	/* files and their rows */
	int64_t max_file_bytes; /* 0 for no limit */
	int64_t max_rows;       /* 0 for no limit */
	int64_t route;          /* enum route */
	int64_t direct_route_rows;
	int64_t direct_transaction_rows;
	int64_t item_ttl_days;

	/* events and repair */
	int64_t outbox_batch;
	int64_t outbox_lease_seconds;
	int64_t report_lease_seconds;
	int64_t sweep_idle_seconds;
	int64_t sweep_attempts;
	int64_t sweep_uploads;
	int64_t sweep_abandon_seconds;
	int64_t sweep_unreported_seconds;
	int64_t sweep_redrives;
	int64_t sweep_unread_seconds;
	int64_t sweep_list_pages;
	int64_t sweep_list_seconds;
	int64_t sweep_list_days;

	/* rotation */
	const char *rotate_admin_secret_id;
};

/* How to look up a setting: getenv(), except in tests. */
typedef char *(*settings_lookup_fn)(const char *name);

/*
 * Read the settings that this handler uses.  Return false at the first fault:
 * a required setting that is missing, or an invalid value.
 */
extern bool settings_read(struct settings *settings, enum handler_id handler,
						  settings_lookup_fn lookup, struct glue_error *error);

/* Print the table of all settings in Markdown. */
extern void settings_print(FILE *stream);

#endif /* GLUE_LAMBDA_ENVIRONMENT_H */
