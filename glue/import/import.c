/*-------------------------------------------------------------------------
 *
 * import.c
 *	  Import a vendor's file: one upload, from opening to its end.
 *
 * A second reading ("pass") starts at the checkpoint of an earlier one, or at
 * the beginning, and skips the rows in the ledger.
 *
 *		byte_source -> row_reader -> take_row() -> row_sink
 *
 * Every pass asks the database where to start.  In the face of lost COMMIT
 * answers, concurrent readers of the same file and rows sent twice, the
 * database's ledger and checkpoint decide, never the state of this process.
 *
 * An upload whose total is known ends with the transaction of its last row.
 * Before committing that transaction, the pass must therefore read to the end
 * of the file and verify that it was not replaced.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/heap.h"
#include "import/import.h"
#include "import/ledger.h"
#include "import/map_fit.h"
#include "import/vendor_map.h"

void
import_init(struct import *import, const struct import_request *request)
{
	memset(import, 0, sizeof(*import));
	import->request = *request;
	import->row_count = -1;
}

void
import_clean_up(struct import *import)
{
	upload_clean_up(&import->upload);
}

static bool
has_begun(const struct import *import)
{
	return import->upload.upload_id != NULL;
}

/* ----- the map ----- */

/*
 * Look for an existing upload by the content of the file only if the content id is known
 * already; otherwise, the map is part of the content id.
 */
bool
import_choose_map(struct import *import, struct glue_error *error)
{
	struct import_request *request = &import->request;
	struct file_map *map;

	if (import->map_is_chosen)
		return true;
	if (!vendor_map_choose(request->database, request->vendor_id, request->map, request->content_id,
						   &map, error) ||
		!vendor_file_use_map(request->file, map, error))
		return false;
	vendor_map_apply(map, &request->apply);
	import->map_is_chosen = true;
	return true;
}

/*
 * Read the file with the map that its upload began with.
 */
static bool
follow_map(struct import *import, struct glue_error *error)
{
	struct vendor_file *file = import->request.file;
	const struct upload *upload = &import->upload;
	struct file_map *map;

	import->map_is_chosen = true;
	if (vendor_file_has_map(file, upload->map_hash))
		return true;
	return vendor_map_of_upload(import->request.database, upload->upload_id, &map, error) &&
		   vendor_file_use_map(file, map, error);
}

/* ----- the first reading ----- */

static int64_t
count_heading_bytes(const struct header_map *map)
{
	int64_t bytes = 0;

	for (int i = 0; i < map->header_count; i++)
		bytes += (int64_t) map->fields[i].heading.length;
	return bytes;
}

/*
 * Record the results of the first reading in the upload.
 */
static bool
describe(struct import *import, struct glue_error *error)
{
	char *metadata = vendor_file_metadata(import->request.file);
	char *columns = vendor_file_columns(import->request.file);
	bool done = metadata != NULL && columns != NULL;

	if (done)
		done = upload_describe(import->request.database, &import->upload, import->row_count,
							   metadata, columns, error);
	else
		glue_error_memory(error);
	cJSON_free(metadata);
	glue_release(columns);
	return done;
}

/*
 * Find out how the rows will be applied, which decides the columns that the file
 * needs.
 */
static bool
prepare(struct import *import, struct glue_error *error)
{
	const struct import_request *request = &import->request;
	const struct upload_apply *apply = &request->apply;
	struct column_needs needs = {MODE_INSERT, MATCH_COUNT, NULL};
	bool is_allowed;

	if (has_begun(import))
		return true;
	if (!import_choose_map(import, error))
		return false;
	if (!upload_choose_mode(request->database, request->vendor_id, apply->mode, &needs.mode,
							&is_allowed, error))
		return false;
	import->mode_is_refused = !is_allowed;
	if (apply->match != NULL && !upload_match_by_name(apply->match, &needs.match))
		needs.match = MATCH_COUNT;
	vendor_file_apply(request->file, &needs, apply);
	return true;
}

/*
 * Name the map that would accept a file with this fault.
 */
static void
advise_map(struct import *import, struct glue_error *fault)
{
	const struct import_request *request = &import->request;

	map_fit_explain(request->file, request->database, request->vendor_id, fault);
	if (request->file->fitting_map[0] != '\0' && request->map_advice != NULL)
		map_fit_advise(request->file, request->map_advice, fault);
}

bool
import_inspect(struct import *import, struct glue_error *error)
{
	const struct import_request *request = &import->request;
	const struct import_observer *observer = &request->observer;
	const struct scan_result *found = &request->file->found;
	struct glue_error fault;

	if (!prepare(import, error))
		return false;
	if (vendor_file_scan(request->file, request->content_id == NULL, observer->inspected,
						 observer->context, error))
	{
		import->is_inspected = true;
		import->row_count = found->row_count;
		import->heading_bytes = count_heading_bytes(found->map);
		return !has_begun(import) || describe(import, error);
	}
	if (error->class != GLUE_FILE_FAULT)
		return false;
	advise_map(import, error);
	if (!has_begun(import))
		return false;
	fault = *error;
	return import_refuse(import, &fault, error);
}

/* ----- the upload ----- */

/*
 * Reuse the results of an earlier first reading.  They are valid only for an
 * identical file, which a pinned source guarantees; a saved checkpoint already
 * relied on them.
 */
static void
take_inspection(struct import *import)
{
	const struct upload *upload = &import->upload;

	if (import->is_inspected)
		return;
	import->is_inspected =
		upload->has_checkpoint || (import->request.file->bytes->is_pinned &&
								   upload->total_records >= 0 && upload->heading_bytes > 0);
	if (!import->is_inspected)
		return;
	import->row_count = upload->total_records;
	import->heading_bytes = upload->heading_bytes;
	vendor_file_keep_reading(import->request.file, upload->delimiter, upload->encoding);
}

/*
 * Open or find the upload, or refuse the file if fault is not NULL.
 */
static bool
begin_or_refuse(struct import *import, const struct glue_error *fault, struct glue_error *error)
{
	const struct import_request *request = &import->request;
	char *found = request->metadata == NULL ? vendor_file_metadata(request->file) : NULL;
	char *columns = vendor_file_columns(request->file);
	struct upload_request upload = {
		.vendor_id = request->vendor_id,
		.file_name = request->file->name,
		.source = request->source,
		.content_id = request->content_id,
		.total_records = import->is_inspected ? import->row_count : -1,
		.metadata = found != NULL ? found : request->metadata,
		.columns = columns,
		.again = !request->is_delivered,
		.apply = request->apply,
	};
	const struct file_map *map = request->file->map;
	bool done;

	if (map != NULL)
	{
		upload.map_name = file_map_name(map);
		upload.map_hash = file_map_hash(map);
	}
	if (upload.metadata == NULL || (columns == NULL && request->file->found.map != NULL))
		done = glue_error_memory(error);
	else if (fault != NULL)
		done = upload_refuse(request->database, &upload, fault, &import->upload, error);
	else if (request->is_delivered)
		done = upload_begin_reading(request->database, &upload, &import->upload, error);
	else
		done = upload_begin(request->database, &upload, &import->upload, error);
	cJSON_free(found);
	glue_release(columns);
	return done;
}

/*
 * Read the file in the way that its upload records.
 */
static bool
follow_upload(struct import *import, struct glue_error *error)
{
	const struct column_needs needs = {import->upload.mode, import->upload.match, NULL};

	if (!follow_map(import, error))
		return false;
	vendor_file_apply(import->request.file, &needs, &import->request.apply);
	return true;
}

bool
import_begin(struct import *import, struct glue_error *error)
{
	const struct import_request *request = &import->request;
	bool done;

	if (request->upload_id != NULL)
		done = upload_read_again(request->database, request->upload_id, &import->upload, error);
	else
		done = import_choose_map(import, error) && begin_or_refuse(import, NULL, error);
	if (!done || !follow_upload(import, error))
		return false;
	take_inspection(import);
	/* Another process was asked to read the file in an encoding. */
	return request->upload_id == NULL || import->is_inspected || import->upload.encoding == NULL ||
		   vendor_file_use_encoding(request->file, import->upload.encoding, error);
}

/*
 * Record a failed upload.  It may already have failed before the file's fault
 * matters, because its vendor may not send files, or not in this mode.
 */
static bool
begin_refused(struct import *import, const struct glue_error *fault, struct glue_error *error)
{
	const struct upload *upload = &import->upload;

	if (!begin_or_refuse(import, fault, error))
		return false;
	import->fault = *fault;
	if (upload->failure_code != NULL && strcmp(upload->failure_code, fault->code) != 0)
		glue_error_sentence(&import->fault, upload->failure_code,
							upload->failure_message != NULL ? upload->failure_message : "", "");
	return true;
}

bool
import_refuse(struct import *import, const struct glue_error *fault, struct glue_error *error)
{
	glue_error_clear(error);
	if (!has_begun(import))
		return begin_refused(import, fault, error);
	if (!upload_reject(import->request.database, &import->upload, fault->code, fault->text, error))
		return false;
	import->fault = *fault;
	return true;
}

/* ----- rows ----- */

/* Rows after which the clock is looked at, however large the pieces of the file. */
#define CLOCK_ROWS 1000

/* State of one second reading. */
struct pass
{
	struct import *import;
	struct row_sink *sink;
	struct ledger ledger;
	struct vendor_file_reading reading;
	int64_t saved_offset;    /* of the last checkpoint */
	int64_t last_row;        /* read so far */
	int64_t now_ms;          /* when the clock was last looked at */
	struct glue_error error; /* why a callback stopped it */
};

/*
 * Commit the rows before the current one.  A checkpoint is useless if it has
 * not advanced, or if the file can only be read from its beginning.
 */
static bool
commit_before(struct pass *pass)
{
	struct resume_token checkpoint;
	bool has_checkpoint = false;
	bool moved;

	if (pass->import->request.saves_checkpoints)
	{
		has_checkpoint = row_reader_token(pass->reading.reader, &checkpoint, &pass->error) &&
						 checkpoint.byte_offset > pass->saved_offset;
		if (pass->error.class != GLUE_NO_ERROR)
			return false;
	}
	if (!pass->sink->commit(pass->sink, has_checkpoint ? &checkpoint : NULL, &moved, &pass->error))
		return false;
	if (has_checkpoint)
		pass->saved_offset = checkpoint.byte_offset;
	return moved || glue_error_set(&pass->error, GLUE_INFRASTRUCTURE_ERROR, IMPORT_OVERTAKEN,
								   "another reader of the file is ahead, or the upload has ended");
}

/*
 * Time is up: commit the rows so far, so that each attempt makes progress.
 */
static bool
stop_in_time(struct pass *pass)
{
	return (pass->sink->commit == NULL || commit_before(pass)) &&
		   glue_error_set(
			   &pass->error, GLUE_INFRASTRUCTURE_ERROR, GLUE_DEADLINE,
			   "time ran out before the end of the file; the next attempt resumes there");
}

/*
 * row_reader_events callback.
 */
static bool
take_header(void *context, const struct header_map *map)
{
	struct pass *pass = context;

	return pass->sink->begin(pass->sink, pass->import->upload.upload_id, map, &pass->error);
}

/*
 * Look at the clock, and report progress.
 */
static void
look_at_clock(struct pass *pass)
{
	const struct import_observer *observer = &pass->import->request.observer;

	pass->now_ms = clock_milliseconds();
	if (observer->loaded != NULL)
		observer->loaded(observer->context, pass->last_row);
}

/*
 * row_reader_events callback for one row.  Those of a workbook arrive after the
 * last piece of the file.
 */
static bool
take_row(void *context, const struct record *record)
{
	struct pass *pass = context;
	struct import *import = pass->import;
	struct row_sink *sink = pass->sink;

	pass->last_row = record->row_number;
	if (record->row_number % CLOCK_ROWS == 0)
		look_at_clock(pass);
	if (import->row_count >= 0 && record->row_number > import->row_count)
		return byte_source_replaced(import->request.file->bytes, &pass->error);
	if (pass->now_ms >= import->request.stop_ms)
		return stop_in_time(pass);
	if (ledger_has(&pass->ledger, record->row_number))
		return true;
	if (sink->is_full != NULL && sink->is_full(sink, pass->now_ms) && !commit_before(pass))
		return false;
	return sink->row(sink, record, &pass->error);
}

/*
 * vendor_file_reading callback for another piece of the file.
 */
static bool
take_piece(void *context)
{
	look_at_clock(context);
	return true;
}

/*
 * Ask the database where to start.
 */
static bool
find_start(struct pass *pass, struct glue_error *error)
{
	const struct import *import = pass->import;
	const struct upload *upload = &import->upload;

	if (!ledger_read(&pass->ledger, import->request.database, upload->upload_id, error))
		return false;
	if (upload->has_checkpoint)
	{
		pass->saved_offset = upload->checkpoint.byte_offset;
		pass->last_row = upload->checkpoint.row_number;
	}
	return true;
}

/*
 * Send the rows from there to the end of the file.
 */
static bool
send_rows(struct pass *pass, struct glue_error *error)
{
	struct import *import = pass->import;
	struct vendor_file *file = import->request.file;
	const struct upload *upload = &import->upload;
	struct row_reader_events events = {take_header, take_row, pass};

	if (!vendor_file_read(file, &pass->reading, upload->has_checkpoint ? &upload->checkpoint : NULL,
						  &events, error))
	{
		if (error->class == GLUE_NO_ERROR)
			*error = pass->error;
		return false;
	}
	if (import->row_count >= 0 && pass->last_row != import->row_count)
		return byte_source_replaced(file->bytes, error);
	return pass->sink->finish(pass->sink, error);
}

/*
 * Finish an upload whose rows all have a verdict.  It has already ended unless
 * its total was unknown.
 */
static bool
finish_upload(struct import *import, int64_t total, struct glue_error *error)
{
	if (!upload_finish(import->request.database, &import->upload, total, error))
		return false;
	return !upload_is_open(&import->upload) ||
		   glue_error_set(error, GLUE_INTERNAL_ERROR, "ROWS_MISSING",
						  "some rows of upload %s have no verdict; load the file again",
						  import->upload.upload_id);
}

/*
 * Run one pass.
 */
static bool
read_once(struct import *import, struct row_sink *sink, struct glue_error *error)
{
	const struct import_observer *observer = &import->request.observer;
	struct pass pass = {.import = import, .sink = sink};
	bool done;

	pass.reading.piece = take_piece;
	pass.reading.context = &pass;
	sink->committed_rows = 0;
	done = find_start(&pass, error);
	if (done)
	{
		if (observer->reading_begins != NULL)
			observer->reading_begins(observer->context, import->row_count, pass.ledger.rows);
		done = send_rows(&pass, error);
		sink->abort(sink);
		if (observer->reading_ends != NULL)
			observer->reading_ends(observer->context);
	}
	done = done && (!sink->judges || finish_upload(import, pass.last_row, error));
	ledger_clean_up(&pass.ledger);
	import->loaded_rows += sink->committed_rows;
	return done;
}

/*
 * Run one pass, and refuse the file on a fault that the first reading did not
 * find.
 */
static bool
run_pass(struct import *import, struct row_sink *sink, struct glue_error *error)
{
	struct glue_error fault;

	if (!upload_is_open(&import->upload) || read_once(import, sink, error))
		return true;
	if (error->class != GLUE_FILE_FAULT)
		return false;
	fault = *error;
	return import_refuse(import, &fault, error);
}

bool
import_load(struct import *import, struct row_sink *sink, struct glue_error *error)
{
	const struct import_observer *observer = &import->request.observer;
	struct upload *upload = &import->upload;
	bool done = run_pass(import, sink, error);

	while (!done && observer->again != NULL &&
		   observer->again(observer->context, sink->committed_rows > 0, error))
	{
		glue_error_clear(error);
		sink->committed_rows = 0;
		done = upload_read(import->request.database, upload->upload_id, upload, error) &&
			   run_pass(import, sink, error);
	}
	return done;
}
