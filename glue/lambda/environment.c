/*-------------------------------------------------------------------------
 *
 * environment.c
 *	  Table of settings.
 *
 *-------------------------------------------------------------------------
 */
#include <stddef.h>
#include <string.h>

#include "lambda/environment.h"

enum setting_kind
{
	SETTING_TEXT,
	SETTING_INTEGER,
	SETTING_CHOICE, /* int64_t: index of the choice */
	SETTING_BOOLEAN /* bool: true or false */
};

/*
 * Most words of a choice, in the order of its enum, including the NULL that
 * ends them.
 */
#define MOST_CHOICES 5

struct setting
{
	const char *name;
	enum setting_kind kind;
	size_t offset;    /* in struct settings */
	unsigned used_by; /* handlers, HANDLER_BIT() */
	unsigned required_by;
	int64_t lowest; /* of an integer */
	int64_t highest;
	const char *choices[MOST_CHOICES];
	const char *standard; /* default; NULL for none */
	const char *meaning;
};

#define PARSER HANDLER_BIT(HANDLER_PARSER)
#define VALIDATOR HANDLER_BIT(HANDLER_VALIDATOR)
#define REPORTER HANDLER_BIT(HANDLER_REPORTER)
#define LINK HANDLER_BIT(HANDLER_LINK)
#define SWEEPER HANDLER_BIT(HANDLER_SWEEPER)
#define DIRECT HANDLER_BIT(HANDLER_DIRECT)
#define ROTATE HANDLER_BIT(HANDLER_ROTATE)
#define OPERATOR HANDLER_BIT(HANDLER_OPERATOR)
#define EVERY (HANDLER_BIT(HANDLER_COUNT) - 1)

/* Handlers that read files, and handlers that put events on the queue. */
#define READERS (PARSER | SWEEPER | DIRECT)
#define SENDERS (PARSER | VALIDATOR | REPORTER | SWEEPER | DIRECT)

#define FIELD(name) .offset = offsetof(struct settings, name)
#define TEXT(field) .kind = SETTING_TEXT, FIELD(field)
#define INTEGER(field, low, high) \
	.kind = SETTING_INTEGER, FIELD(field), .lowest = (low), .highest = (high)

/* Largest S3 object: 5 TiB. */
#define LARGEST_OBJECT (INT64_C(5) * 1024 * 1024 * 1024 * 1024)
#define MOST_ROWS INT64_C(2147483647)

static const struct setting table[] = {
	/* the database */
	{
		.name = "DATABASE_SECRET_ID",
		TEXT(database_secret_id),
		.used_by = EVERY & ~OPERATOR,
		.standard = "ecommerce/rds/credentials",
		.meaning = "secret with the database's host, port, dbname, username, password and ca (PEM)",
	},
	{
		/* The operator's login has other privileges, so its secret has a name of its own. */
		.name = "OPERATOR_SECRET_ID",
		TEXT(database_secret_id),
		.used_by = OPERATOR,
		.standard = "ecommerce/rds/operator",
		.meaning =
			"secret with the same members, for a login with the privileges of onboard_grant_operator",
	},
	{
		.name = "DATABASE_SECRET_FILE",
		TEXT(database_secret_file),
		.used_by = EVERY,
		.meaning =
			"file that holds this secret, instead of Secrets Manager; read for each new connection",
	},
	{
		.name = "DATABASE_CA_FILE",
		TEXT(database_ca_file),
		.used_by = EVERY,
		.meaning = "certificates (PEM) to verify the database server if the secret has no ca",
	},
	{
		.name = "SECRET_TTL_SECONDS",
		INTEGER(secret_ttl_seconds, 0, 86400),
		.used_by = EVERY,
		.standard = "300",
		.meaning =
			"how long a secret is cached; it is reread immediately if the login or the server's certificate is refused, or the host or database does not exist",
	},
	{
		.name = "DATABASE_CONNECT_MS",
		INTEGER(database_connect_ms, 100, 60000),
		.used_by = EVERY,
		.standard = "5000",
		.meaning = "longest wait for a database connection, in milliseconds",
	},
	{
		.name = "DATABASE_IDLE_SECONDS",
		INTEGER(database_idle_seconds, 0, 3600),
		.used_by = EVERY,
		.standard = "30",
		.meaning =
			"a connection idle for longer than this is tested with a query before it is used",
	},
	{
		.name = "DATABASE_FAILURES",
		INTEGER(database_failures, 1, 1000),
		.used_by = EVERY,
		.standard = "3",
		.meaning = "consecutive failed connections after which connecting is paused",
	},
	{
		.name = "DATABASE_PAUSE_SECONDS",
		INTEGER(database_pause_seconds, 0, 3600),
		.used_by = EVERY,
		.standard = "15",
		.meaning = "length of that pause; invocations fail immediately during it",
	},
	{
		.name = "LOCK_TIMEOUT_MS",
		INTEGER(lock_timeout_ms, 100, 900000),
		.used_by = EVERY,
		.standard = "30000",
		.meaning =
			"longest wait for a database lock, in milliseconds; less if the deadline is near",
	},

	/* invocations */
	{
		.name = "DEADLINE_MARGIN_MS",
		INTEGER(deadline_margin_ms, 0, 60000),
		.used_by = EVERY,
		.standard = "2000",
		.meaning = "time before the invocation's deadline at which work stops, in milliseconds",
	},
	{
		.name = "LOG_LEVEL",
		.kind = SETTING_CHOICE,
		FIELD(log_level),
		.used_by = EVERY,
		.choices = {"debug", "info", "warning", "error"},
		.standard = "info",
		.meaning = "lowest level that is logged",
	},
	{
		.name = "METRICS",
		.kind = SETTING_BOOLEAN,
		FIELD(metrics),
		.used_by = EVERY,
		.standard = "true",
		.meaning = "write a line of metrics (Embedded Metric Format) for each invocation",
	},
	{
		.name = "METRICS_NAMESPACE",
		TEXT(metrics_namespace),
		.used_by = EVERY,
		.standard = "EcommerceProductOnboarding",
		.meaning = "namespace of these metrics",
	},
	{
		.name = "AWS_CA_BUNDLE",
		TEXT(aws_ca_file),
		.used_by = EVERY,
		.meaning = "certificates (PEM) to verify AWS endpoints; the system's if not set",
	},
	{
		.name = "AWS_CALLS_IN_FLIGHT",
		INTEGER(aws_calls_in_flight, 1, 64),
		.used_by = SENDERS,
		.standard = "8",
		.meaning = "most concurrent calls to one service",
	},

	/* where things are */
	{
		.name = "BUCKET",
		TEXT(bucket),
		.used_by = READERS | REPORTER | LINK,
		.required_by = REPORTER | LINK | SWEEPER,
		.meaning =
			"bucket for uploads and reports; if set for parser or direct, objects of other buckets are refused",
	},
	{
		.name = "UPLOAD_QUEUE_URL",
		TEXT(upload_queue_url),
		.used_by = READERS,
		.meaning = "SQS queue for the bucket's notifications; messages of other queues are refused",
	},
	{
		.name = "UPLOAD_PREFIX",
		TEXT(upload_prefix),
		.used_by = READERS,
		.standard = "uploads/",
		.meaning = "key prefix of uploads; the vendor id follows",
	},
	{
		.name = "ERROR_PREFIX",
		TEXT(error_prefix),
		.used_by = READERS | REPORTER,
		.standard = "errors/",
		.meaning = "key prefix of reports; never read as uploads",
	},
	{
		.name = "UPLOAD_RECORDS_TABLE",
		TEXT(upload_records_table),
		.used_by = PARSER | VALIDATOR | SWEEPER,
		.standard = "UploadRecords",
		.meaning = "DynamoDB table for the rows of uploads",
	},
	{
		.name = "ERROR_QUEUE_URL",
		TEXT(error_queue_url),
		.used_by = SENDERS,
		.required_by = SENDERS,
		.meaning = "SQS queue for upload events",
	},
	{
		.name = "ERROR_DEAD_QUEUE_URL",
		TEXT(error_dead_queue_url),
		.used_by = SWEEPER,
		.meaning = "dead-letter queue of ERROR_QUEUE_URL; if not set, messages stay there",
	},
	{
		.name = "UPLOAD_DEAD_QUEUE_URL",
		TEXT(upload_dead_queue_url),
		.used_by = SWEEPER,
		.meaning = "dead-letter queue of UPLOAD_QUEUE_URL; if not set, messages stay there",
	},
	{
		.name = "QUARANTINE_QUEUE_URL",
		TEXT(quarantine_queue_url),
		.used_by = VALIDATOR,
		.required_by = VALIDATOR,
		.meaning = "SQS queue for stream records that cannot be decoded",
	},
	{
		.name = "NOTIFICATION_TOPIC_ARN",
		TEXT(notification_topic_arn),
		.used_by = REPORTER,
		.required_by = REPORTER,
		.meaning = "SNS topic for mails to vendors",
	},
	{
		.name = "LINK_BASE_URL",
		TEXT(link_base_url),
		.used_by = REPORTER,
		.meaning =
			"base URL of the link handler, for links in mails; if not set, mails name S3 keys",
	},
	{
		.name = "LINK_SECRET_ID",
		TEXT(link_secret_id),
		.used_by = REPORTER | LINK,
		.standard = "ecommerce/link/key",
		.meaning = "secret with the keys that sign these links, current and previous, in hex",
	},
	{
		.name = "LINK_DAYS",
		INTEGER(link_days, 1, 3650),
		.used_by = REPORTER,
		.standard = "30",
		.meaning = "how long a link is valid, in days",
	},
	{
		.name = "LINK_PRESIGNED_SECONDS",
		INTEGER(link_presigned_seconds, 10, 3600),
		.used_by = LINK,
		.standard = "300",
		.meaning = "how long the S3 URL behind a link is valid, in seconds",
	},

	/* files and their rows */
	{
		.name = "MAX_FILE_BYTES",
		INTEGER(max_file_bytes, 0, LARGEST_OBJECT),
		.used_by = READERS,
		.standard = "10485760",
		.meaning = "larger files are refused, unless the map sets another limit; 0 means no limit",
	},
	{
		.name = "MAX_ROWS",
		INTEGER(max_rows, 0, MOST_ROWS),
		.used_by = READERS,
		.standard = "10000",
		.meaning =
			"files with more rows are refused, unless the map sets another limit; 0 means no limit",
	},
	{
		.name = "ROUTE",
		.kind = SETTING_CHOICE,
		FIELD(route),
		.used_by = READERS,
		.choices = {"auto", "stream", "direct"},
		.standard = "auto",
		.meaning =
			"how rows reach the database: through the DynamoDB stream, directly, or depending on the number of rows",
	},
	{
		.name = "DIRECT_ROUTE_ROWS",
		INTEGER(direct_route_rows, 0, MOST_ROWS),
		.used_by = READERS,
		.standard = "2500",
		.meaning = "with ROUTE=auto, files with more rows take the direct route",
	},
	{
		.name = "DIRECT_TRANSACTION_ROWS",
		INTEGER(direct_transaction_rows, 1, 10000),
		.used_by = READERS,
		.standard = "10000",
		.meaning = "rows per transaction on the direct route",
	},
	{
		.name = "ITEM_TTL_DAYS",
		INTEGER(item_ttl_days, 1, 3650),
		.used_by = PARSER | SWEEPER,
		.standard = "30",
		.meaning = "days after which DynamoDB may delete an item",
	},

	/* events and repair */
	{
		.name = "OUTBOX_BATCH",
		INTEGER(outbox_batch, 1, 1000),
		.used_by = SENDERS,
		.standard = "100",
		.meaning = "events claimed from the outbox at a time",
	},
	{
		.name = "OUTBOX_LEASE_SECONDS",
		INTEGER(outbox_lease_seconds, 1, 3600),
		.used_by = SENDERS,
		.standard = "60",
		.meaning = "how long claimed events stay leased unless they are acknowledged",
	},
	{
		.name = "REPORT_LEASE_SECONDS",
		INTEGER(report_lease_seconds, 3, 43200),
		.used_by = REPORTER,
		.standard = "180",
		.meaning =
			"how long a report is leased to the invocation that makes it; must exceed the function's timeout, but not the queue's visibility timeout",
	},
	{
		.name = "SWEEP_IDLE_SECONDS",
		INTEGER(sweep_idle_seconds, 1, 604800),
		.used_by = PARSER | SWEEPER,
		.standard = "900",
		.meaning =
			"an upload without progress for this long is read again, and the time doubles before each further "
			"reading; the items of an upload that ended this long ago are checked",
	},
	{
		.name = "SWEEP_ATTEMPTS",
		INTEGER(sweep_attempts, 0, 100),
		.used_by = SWEEPER,
		.standard = "3",
		.meaning = "readings without progress after which it ends as PROCESSING_ABANDONED",
	},
	{
		.name = "SWEEP_UPLOADS",
		INTEGER(sweep_uploads, 1, 1000),
		.used_by = SWEEPER,
		.standard = "10",
		.meaning = "most uploads read again per run, and most whose items are checked",
	},
	{
		.name = "SWEEP_ABANDON_SECONDS",
		INTEGER(sweep_abandon_seconds, 1, 2592000),
		.used_by = SWEEPER,
		.standard = "86400",
		.meaning =
			"an upload without progress for this long ends as PROCESSING_ABANDONED, even if no parser started it",
	},
	{
		.name = "SWEEP_UNREPORTED_SECONDS",
		INTEGER(sweep_unreported_seconds, 1, 604800),
		.used_by = SWEEPER,
		.standard = "7200",
		.meaning =
			"if an ended upload is not reported for this long, its event is sent again; should exceed the time the reporter's queue takes to give up",
	},

	{
		.name = "SWEEP_REDRIVES",
		INTEGER(sweep_redrives, 0, 100),
		.used_by = SWEEPER,
		.standard = "3",
		.meaning = "most times a message is returned from a dead-letter queue; 0 means never",
	},
	{
		.name = "SWEEP_UNREAD_SECONDS",
		INTEGER(sweep_unread_seconds, 1, 604800),
		.used_by = SWEEPER,
		.standard = "3600",
		.meaning =
			"a file older than this for which no upload was begun is read without a notification",
	},
	{
		.name = "SWEEP_LIST_PAGES",
		INTEGER(sweep_list_pages, 0, 1000),
		.used_by = SWEEPER,
		.standard = "20",
		.meaning =
			"most pages of 1,000 versions listed per run to find such files; 0 disables the search",
	},
	{
		.name = "SWEEP_LIST_SECONDS",
		INTEGER(sweep_list_seconds, 1, 604800),
		.used_by = SWEEPER,
		.standard = "3600",
		.meaning = "time from the start of one pass over the bucket to the start of the next",
	},
	{
		.name = "SWEEP_LIST_DAYS",
		INTEGER(sweep_list_days, 1, 3650),
		.used_by = SWEEPER,
		.standard = "14",
		.meaning =
			"older files are ignored; must be less than the time that upload_history is kept",
	},

	/* rotation */
	{
		.name = "ROTATE_ADMIN_SECRET_ID",
		TEXT(rotate_admin_secret_id),
		.used_by = ROTATE,
		.standard = "ecommerce/rds/administrator",
		.meaning = "secret, with the same members, of a login that may set passwords",
	},
};

#define SETTING_COUNT (sizeof(table) / sizeof(table[0]))

/* ----- values ----- */

static bool
refuse_integer(const struct setting *setting, struct glue_error *error)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "SETTINGS",
						  "%s must be a whole number from %lld to %lld", setting->name,
						  (long long) setting->lowest, (long long) setting->highest);
}

/*
 * Read digits and nothing else, within the range.
 */
static bool
read_integer(const struct setting *setting, const char *text, int64_t *value,
			 struct glue_error *error)
{
	int64_t number = 0;

	for (const char *next = text; *next != '\0'; next++)
	{
		if (*next < '0' || *next > '9' || number > (INT64_MAX - 9) / 10)
			return refuse_integer(setting, error);
		number = number * 10 + (*next - '0');
	}
	if (number < setting->lowest || number > setting->highest)
		return refuse_integer(setting, error);
	*value = number;
	return true;
}

static bool
read_choice(const struct setting *setting, const char *text, int64_t *value,
			struct glue_error *error)
{
	const char *const *words = setting->choices;

	for (int i = 0; i < MOST_CHOICES && words[i] != NULL; i++)
	{
		if (strcmp(text, words[i]) == 0)
		{
			*value = i;
			return true;
		}
	}
	return glue_error_set(error, GLUE_USAGE_ERROR, "SETTINGS", "%s must be %s, %s%s%s%s%s",
						  setting->name, words[0], words[1], words[2] != NULL ? ", " : "",
						  words[2] != NULL ? words[2] : "", words[3] != NULL ? " or " : "",
						  words[3] != NULL ? words[3] : "");
}

static bool
read_boolean(const struct setting *setting, const char *text, bool *value, struct glue_error *error)
{
	*value = strcmp(text, "true") == 0;
	if (*value || strcmp(text, "false") == 0)
		return true;
	return glue_error_set(error, GLUE_USAGE_ERROR, "SETTINGS", "%s must be true or false",
						  setting->name);
}

static bool
read_setting(const struct setting *setting, const char *text, struct settings *settings,
			 struct glue_error *error)
{
	char *field = (char *) settings + setting->offset;

	switch (setting->kind)
	{
		case SETTING_TEXT:
			*(const char **) field = text;
			return true;
		case SETTING_INTEGER:
			return read_integer(setting, text, (int64_t *) field, error);
		case SETTING_CHOICE:
			return read_choice(setting, text, (int64_t *) field, error);
		case SETTING_BOOLEAN:
			return read_boolean(setting, text, (bool *) field, error);
	}
	return true;
}

bool
settings_read(struct settings *settings, enum handler_id handler, settings_lookup_fn lookup,
			  struct glue_error *error)
{
	memset(settings, 0, sizeof(*settings));
	for (size_t i = 0; i < SETTING_COUNT; i++)
	{
		const struct setting *setting = &table[i];
		const char *text;

		if ((setting->used_by & HANDLER_BIT(handler)) == 0)
			continue;
		text = lookup(setting->name);
		if (text == NULL || text[0] == '\0')
			text = setting->standard;
		if (text == NULL && (setting->required_by & HANDLER_BIT(handler)) != 0)
			return glue_error_set(error, GLUE_USAGE_ERROR, "SETTINGS", "%s must be set: %s",
								  setting->name, setting->meaning);
		if (text != NULL && !read_setting(setting, text, settings, error))
			return false;
	}
	return true;
}

/* ----- printing the table ----- */

static void
print_values(FILE *stream, const struct setting *setting)
{
	switch (setting->kind)
	{
		case SETTING_TEXT:
			fputs("text", stream);
			return;
		case SETTING_INTEGER:
			fprintf(stream, "%lld to %lld", (long long) setting->lowest,
					(long long) setting->highest);
			return;
		case SETTING_CHOICE:
			for (int i = 0; i < MOST_CHOICES && setting->choices[i] != NULL; i++)
				fprintf(stream, "%s%s", i > 0 ? ", " : "", setting->choices[i]);
			return;
		case SETTING_BOOLEAN:
			fputs("true, false", stream);
			return;
	}
}

static void
print_handlers(FILE *stream, unsigned handlers)
{
	const char *separator = "";

	if (handlers == EVERY)
	{
		fputs("all", stream);
		return;
	}
	for (int id = 0; id < HANDLER_COUNT; id++)
	{
		if ((handlers & HANDLER_BIT(id)) == 0)
			continue;
		fprintf(stream, "%s%s", separator, handler_name(id));
		separator = ", ";
	}
}

static void
print_default(FILE *stream, const struct setting *setting)
{
	if (setting->standard != NULL)
		fprintf(stream, "`%s`", setting->standard);
	else if (setting->required_by == 0)
		fputs("none", stream);
	else
	{
		fputs("required", stream);
		if (setting->required_by != setting->used_by)
		{
			fputs(" by ", stream);
			print_handlers(stream, setting->required_by);
		}
	}
}

void
settings_print(FILE *stream)
{
	fputs("| Variable | Values | Default | Handlers | Meaning |\n|---|---|---|---|---|\n", stream);
	for (size_t i = 0; i < SETTING_COUNT; i++)
	{
		const struct setting *setting = &table[i];

		fprintf(stream, "| `%s` | ", setting->name);
		print_values(stream, setting);
		fputs(" | ", stream);
		print_default(stream, setting);
		fputs(" | ", stream);
		print_handlers(stream, setting->used_by);
		fprintf(stream, " | %s |\n", setting->meaning);
	}
}
