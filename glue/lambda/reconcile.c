/*-------------------------------------------------------------------------
 *
 * reconcile.c
 *	  Read vendors' files for which no upload was ever begun.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aws/s3_versions.h"
#include "aws/sqs_queue.h"
#include "base/clock.h"
#include "database/postgres_value.h"
#include "lambda/parse.h"
#include "lambda/reconcile.h"
#include "shared/text.h"

/* How long a queue that is never empty can delay a page, in seconds. */
#define LONGEST_WAIT 86400

/* The lease outlasts the invocation by this many seconds. */
#define LEASE_MARGIN 60

#define CLAIM                                                                              \
	"SELECT l.watched_since, l.key_marker, l.version_marker, l.idle_seconds"               \
	" FROM onboard_claim_listing($1::text, " POSTGRES_SECONDS("$2") ", " POSTGRES_SECONDS( \
		"$3") ") l"

/*
 * Lists the versions to read, oldest first, by their index in the page, and
 * whether their vendor exists.  S3 truncates times to seconds.
 */
#define UNREAD                                                                                                                             \
	"SELECT o.version->>'index', v.vendor_id IS NOT NULL"                                                                                  \
	" FROM pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY o (version, position)"                                               \
	" CROSS JOIN LATERAL (SELECT (o.version->>'written_at')::timestamptz AS at) w"                                                         \
	" LEFT JOIN onboard.vendors v ON v.vendor_id = o.version->>'vendor_id'"                                                                \
	" WHERE w.at < pg_catalog.clock_timestamp() - " POSTGRES_SECONDS("$2") " AND w.at > pg_catalog.clock_timestamp() - " POSTGRES_SECONDS( \
		"$3") " AND w.at >= pg_catalog.date_trunc('second', $4::timestamptz)"                                                              \
			  " AND onboard_find_upload(o.version->>'vendor_id', o.version->>'content_id') IS NULL"                                        \
			  " ORDER BY w.at, o.position DESC"

/* One run. */
struct reconciliation
{
	struct sandbox *sandbox;
	const struct invocation *invocation;
	struct reconcile_counts *counts;
	struct s3_version_marker marker; /* before the current page */
	char watched_since[64];
	int64_t idle_seconds; /* since the pass last advanced */
	int64_t tried;        /* files that were read, or begun */
	bool knows_queue;     /* the queue was found empty */
};

/* A page, and what to do with it. */
struct page
{
	struct s3_version_page list;
	PGresult *unread;
	bool is_done; /* the pass can advance */
};

/* ----- the position ----- */

/*
 * Lease the listing; *found is false if there is nothing to do.
 */
static bool
claim_listing(struct reconciliation *run, bool *found, struct glue_error *error)
{
	const struct settings *settings = &run->sandbox->settings;
	int64_t lease_ms = run->invocation->deadline_ms - clock_milliseconds();
	char texts[2][INTEGER_TEXT_SIZE];
	const char *const values[] = {
		settings->bucket,
		integer_text(texts[0], settings->sweep_list_seconds),
		integer_text(texts[1], lease_ms / 1000 + LEASE_MARGIN),
	};
	PGresult *row = NULL;

	if (!database_query(run->sandbox->database, RUN_ONCE, CLAIM, 3, values, &row, error))
		return false;
	*found = PQntuples(row) == 1;
	if (*found)
	{
		snprintf(run->watched_since, sizeof(run->watched_since), "%s", PQgetvalue(row, 0, 0));
		snprintf(run->marker.key, sizeof(run->marker.key), "%s", PQgetvalue(row, 0, 1));
		snprintf(run->marker.version_id, sizeof(run->marker.version_id), "%s",
				 PQgetvalue(row, 0, 2));
		run->idle_seconds = postgres_integer(row, 0, 3);
	}
	PQclear(row);
	return true;
}

/*
 * Record the position.  With release, others may continue from there.
 */
static bool
save_listing(const struct reconciliation *run, bool is_running, bool release,
			 struct glue_error *error)
{
	const char *const values[] = {
		run->sandbox->settings.bucket, run->marker.key,
		run->marker.version_id,        is_running ? "true" : "false",
		release ? "true" : "false",
	};

	return database_query(run->sandbox->database, RUN_AGAIN,
						  "SELECT onboard_save_listing($1::text, $2::text, $3::text, $4::boolean, "
						  "$5::boolean)",
						  5, values, NULL, error);
}

/* ----- comparing a page ----- */

static enum vendor_object_kind
object_of_version(const struct reconciliation *run, const struct s3_version *version,
				  struct vendor_object *object)
{
	const struct settings *settings = &run->sandbox->settings;
	struct s3_event_record record = {0};

	snprintf(record.bucket, sizeof(record.bucket), "%s", settings->bucket);
	snprintf(record.key, sizeof(record.key), "%s", version->key);
	snprintf(record.version_id, sizeof(record.version_id), "%s", version->version_id);
	snprintf(record.etag, sizeof(record.etag), "%s", version->etag);
	return vendor_object_of_record(object, &record, settings);
}

static bool
append_member(struct byte_buffer *list, const char *name, const char *text,
			  struct glue_error *error)
{
	size_t length = strlen(text);

	if (!byte_buffer_append_string(list, ",\"", error) ||
		!byte_buffer_append_string(list, name, error) ||
		!byte_buffer_reserve(list, LONGEST_JSON_ESCAPE * length + 4, error))
		return false;
	byte_buffer_put(list, "\":\"", 3);
	byte_buffer_append_json(list, (struct text_view){text, length});
	byte_buffer_put(list, "\"", 1);
	return true;
}

static bool
append_version(struct byte_buffer *list, int index, const struct s3_version *version,
			   const struct vendor_object *object, struct glue_error *error)
{
	char content_id[VENDOR_OBJECT_CONTENT_ID_SIZE];
	char head[48];

	vendor_object_content_id(object, content_id);
	snprintf(head, sizeof(head), "%s{\"index\":%d", list->used > 1 ? "," : "", index);
	return byte_buffer_append_string(list, head, error) &&
		   append_member(list, "vendor_id", object->vendor_id, error) &&
		   append_member(list, "content_id", content_id, error) &&
		   append_member(list, "written_at", version->written_at, error) &&
		   byte_buffer_append_string(list, "}", error);
}

/*
 * Write the versions of a page that can be compared as JSON.
 */
static bool
write_versions(struct reconciliation *run, const struct page *page, struct byte_buffer *list,
			   struct glue_error *error)
{
	bool done = byte_buffer_append_string(list, "[", error);

	for (int i = 0; done && i < page->list.count; i++)
	{
		const struct s3_version *version = &page->list.versions[i];
		struct vendor_object object;
		enum vendor_object_kind kind = object_of_version(run, version, &object);

		if (kind == OBJECT_OF_NOBODY)
			run->counts->strange++;
		else if (kind == OBJECT_OF_VENDOR && strcmp(version->version_id, "null") != 0)
			done = append_version(list, i, version, &object, error);
	}
	return done && byte_buffer_append_string(list, "]", error) &&
		   byte_buffer_terminate(list, error);
}

/*
 * Find the versions of a page for which no upload was begun.
 */
static bool
compare_page(struct reconciliation *run, struct page *page, struct glue_error *error)
{
	const struct settings *settings = &run->sandbox->settings;
	struct byte_buffer list = {0};
	char texts[2][INTEGER_TEXT_SIZE];
	const char *values[4] = {
		NULL,
		integer_text(texts[0], settings->sweep_unread_seconds),
		integer_text(texts[1], settings->sweep_list_days * 86400),
		run->watched_since,
	};
	bool done = write_versions(run, page, &list, error);

	values[0] = list.data;
	done = done && database_query(run->sandbox->database, RUN_AGAIN, UNREAD, 4, values,
								  &page->unread, error);
	byte_buffer_clean_up(&list);
	return done;
}

/* ----- reading ----- */

/*
 * Return whether the queue may still deliver notifications of files.  Called
 * only if there is a file to read.
 */
static bool
is_queue_busy(struct reconciliation *run, bool *busy, struct glue_error *error)
{
	const char *queue_url = run->sandbox->settings.upload_queue_url;
	struct sqs_counts counts = {0};

	*busy = false;
	if (run->knows_queue || queue_url == NULL || run->idle_seconds > LONGEST_WAIT)
		return true;
	if (!sqs_count(&run->sandbox->aws, queue_url, run->invocation->deadline_ms, &counts, error))
		return false;
	*busy = counts.visible + counts.others > 0;
	run->knows_queue = !*busy;
	return true;
}

/*
 * Set *wanted to whether a version must still be read: no upload was begun in
 * the meantime, and its object was not deleted.
 */
static bool
is_wanted(const struct reconciliation *run, const struct s3_version *version,
		  const struct vendor_object *object, bool *wanted, struct glue_error *error)
{
	char content_id[VENDOR_OBJECT_CONTENT_ID_SIZE];
	const char *const values[] = {object->vendor_id, content_id};
	const struct s3_get get = {
		.bucket = object->bucket,
		.key = object->key,
		.deadline = run->invocation->deadline_ms,
	};
	PGresult *row = NULL;

	vendor_object_content_id(object, content_id);
	if (!database_query(run->sandbox->database, RUN_AGAIN,
						"SELECT onboard_find_upload($1::text, $2::text) IS NULL", 2, values, &row,
						error))
		return false;
	*wanted = strcmp(PQgetvalue(row, 0, 0), "t") == 0;
	PQclear(row);
	if (!*wanted || version->is_latest || s3_head(&run->sandbox->aws, &get, NULL, error))
		return true;
	*wanted = false;
	return strcmp(error->code, "S3_OBJECT_GONE") == 0;
}

/*
 * Read a version.  Failures are logged and counted, and do not stop the other
 * files.  A version that S3 denies does not count towards SWEEP_UPLOADS: it
 * would come first in every run, and hold up the rest.
 */
static void
read_version(struct reconciliation *run, const struct s3_version *version)
{
	struct vendor_object object;
	struct glue_error error = {0};
	bool wanted = false;
	bool done;

	(void) object_of_version(run, version, &object);
	done = is_wanted(run, version, &object, &wanted, &error);
	if (done && !wanted)
		return;
	if (done)
	{
		run->tried++;
		done = parse_object(run->sandbox, run->invocation, &object, PARSE_BY_SETTING, &error);
	}
	if (done)
	{
		run->counts->read++;
		log_write(&run->sandbox->log, LOG_WARNING, "file read without a notification",
				  LOG_NAME(LOG_VENDOR_ID, object.vendor_id));
		return;
	}
	run->counts->failed++;
	log_failure(&run->sandbox->log, "cannot read a file without an upload", &error,
				LOG_NAME(LOG_VENDOR_ID, object.vendor_id));
}

/*
 * Read the versions of a page that must be read.  The page is not done if not
 * all of them were tried, or if the queue may deliver them.
 */
static bool
read_page(struct reconciliation *run, struct page *page, struct glue_error *error)
{
	for (int row = 0; row < PQntuples(page->unread); row++)
	{
		bool busy;

		if (strcmp(PQgetvalue(page->unread, row, 1), "t") != 0)
		{
			run->counts->unknown++;
			continue;
		}
		if (!is_queue_busy(run, &busy, error))
			return false;
		if (busy || run->tried >= run->sandbox->settings.sweep_uploads ||
			clock_milliseconds() >= run->invocation->deadline_ms)
			return true;
		read_version(run, &page->list.versions[postgres_integer(page->unread, row, 0)]);
	}
	page->is_done = true;
	return true;
}

/* ----- a run ----- */

static bool
do_page(struct reconciliation *run, struct page *page, struct glue_error *error)
{
	const struct settings *settings = &run->sandbox->settings;

	if (!s3_list_versions(&run->sandbox->aws, settings->bucket, settings->upload_prefix,
						  &run->marker, run->invocation->deadline_ms, &page->list, error) ||
		!compare_page(run, page, error) || !read_page(run, page, error))
		return false;
	if (!page->is_done)
		return true;
	if (page->list.is_last)
		memset(&run->marker, 0, sizeof(run->marker));
	else
		run->marker = page->list.next;
	return save_listing(run, !page->list.is_last, false, error);
}

/*
 * Process pages until the pass ends or must wait; set *is_running accordingly.
 */
static bool
do_pages(struct reconciliation *run, bool *is_running, struct glue_error *error)
{
	bool advances = true;
	bool success = true;

	*is_running = true;
	for (int64_t i = 0; success && advances && i < run->sandbox->settings.sweep_list_pages &&
						clock_milliseconds() < run->invocation->deadline_ms;
		 i++)
	{
		struct page page = {0};

		success = do_page(run, &page, error);
		advances = page.is_done && !page.list.is_last;
		if (success && page.is_done && page.list.is_last)
			*is_running = false;
		PQclear(page.unread);
		s3_version_page_clean_up(&page.list);
	}
	return success;
}

static void
log_counts(const struct log *log, const struct reconcile_counts *counts)
{
	if (counts->unknown > 0)
		log_write(log, LOG_WARNING, "files of unknown vendors are not read",
				  LOG_COUNT(LOG_FILES, counts->unknown));
	if (counts->strange > 0)
		log_write(log, LOG_WARNING, "files are not in any vendor's folder",
				  LOG_COUNT(LOG_FILES, counts->strange));
}

bool
reconcile_uploads(struct sandbox *sandbox, const struct invocation *invocation,
				  struct reconcile_counts *counts, struct glue_error *error)
{
	struct reconciliation run = {.sandbox = sandbox, .invocation = invocation, .counts = counts};
	struct glue_error ignored;
	bool is_running;
	bool found;

	if (sandbox->settings.sweep_list_pages == 0)
		return true;
	if (!claim_listing(&run, &found, error) || !found)
		return error->class == GLUE_NO_ERROR;
	if (!do_pages(&run, &is_running, error))
	{
		/* Otherwise the lease expires. */
		(void) save_listing(&run, true, true, &ignored);
		return false;
	}
	log_counts(&sandbox->log, counts);
	return save_listing(&run, is_running, true, error);
}
