/*-------------------------------------------------------------------------
 *
 * load_command.c
 *	  onboard load: a vendor's file into the catalogue.
 *
 * The file is read twice.  The scan finds every fault of the file as a whole,
 * so that nothing is ever half loaded, and says how many rows there are.  The
 * second reading sends the rows that have no verdict yet, by the database's
 * own ledger.  That makes everything resumable in one way: after a lost
 * connection, a deadlock or a killed process the ledger is read again and the
 * file from its beginning, and rows with a verdict are passed over.
 *
 * The upload is told its total when it begins and therefore ends with the
 * transaction that brings its last row.  Before that one, the file must be
 * found unchanged.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/interrupt.h"
#include "cli/causes.h"
#include "cli/command.h"
#include "cli/database.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "import/copy_stream.h"
#include "import/scan_metadata.h"
#include "import/upload_calls.h"
#include "import/vendor_file.h"
#include "report/report_files.h"

/* How many rows pass between two looks at the clock. */
#define PROGRESS_ROWS 1024

struct load
{
	const struct options *options;
	struct vendor_file file;
	struct database *database;
	struct upload upload;
	struct judged_rows judged;
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE]; /* "" when not known */
	char *metadata;                               /* owned, JSON */
	int64_t started_ms;
	int64_t resumed_rows; /* done before this run */
};

/* ----- rows ----- */

/* The state of one reading for rows. */
struct row_pass
{
	struct copy_stream stream;
	struct progress progress;
	const struct judged_rows *judged;
	int next_range; /* the first that is not behind us */
	int64_t rows;   /* read so far */
	int64_t total;  /* that the scan found */
	struct glue_error error;
};

static bool
file_changed(struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "OBJECT_REPLACED",
						  "the file changed while it was read; load it again when it is complete");
}

/*
 * Whether the ledger has a verdict on the row; rows come in order.
 */
static bool
is_judged(struct row_pass *pass, int64_t row_number)
{
	const struct judged_rows *judged = pass->judged;

	while (pass->next_range < judged->count && judged->ranges[pass->next_range].last < row_number)
		pass->next_range++;
	return pass->next_range < judged->count && judged->ranges[pass->next_range].first <= row_number;
}

/*
 * Callback of the file's reader: one row.
 */
static bool
take_row(void *context, const struct record *record)
{
	struct row_pass *pass = context;

	pass->rows++;
	if (pass->rows % PROGRESS_ROWS == 0)
	{
		progress_update(&pass->progress, pass->rows);
		if (interrupted())
			return interrupt_error(&pass->error);
	}
	/* The last row known ends the upload, so it must not be sent before. */
	if (pass->rows > pass->total)
		return file_changed(&pass->error);
	if (is_judged(pass, record->row_number))
		return true;
	return copy_stream_row(&pass->stream, record, &pass->error);
}

/*
 * Read the whole file, send what has no verdict, commit.
 */
static bool
send_rows(struct load *load, struct row_pass *pass, struct glue_error *error)
{
	if (!vendor_file_read(&load->file, take_row, pass, error))
	{
		if (error->class == GLUE_NO_ERROR)
			*error = pass->error;
		return false;
	}
	if (input_changed(&load->file.input) || pass->rows != pass->total)
		return file_changed(error);
	return copy_stream_finish(&pass->stream, error);
}

/*
 * One reading for rows, whatever the ledger says is still to do.
 */
static bool
run_pass(struct load *load, const struct copy_layout *layout, int64_t *committed,
		 struct glue_error *error)
{
	struct row_pass pass = {.judged = &load->judged, .total = load->file.found.row_count};
	bool done;

	*committed = 0;
	if (!judged_rows_read(load->database, load->upload.upload_id, &load->judged, error))
		return false;
	copy_stream_init(&pass.stream, database_connection(load->database), layout);
	progress_begin(&pass.progress, !load->options->quiet, "Loading", "rows",
				   load->file.found.row_count, load->judged.rows);
	done = send_rows(load, &pass, error);
	*committed = pass.stream.committed_rows;
	copy_stream_clean_up(&pass.stream);
	progress_end(&pass.progress);
	return done;
}

/*
 * Read for rows until all are committed.  As long as there is progress we are
 * patient.
 */
static bool
load_rows(struct load *load, struct glue_error *error)
{
	struct copy_layout layout;
	struct patience patience;
	bool done;

	if (!copy_layout_init(&layout, load->file.found.map, load->upload.upload_id,
						  load->file.found.defect_count > 0, error))
		return false;
	database_patience(load->database, &patience);
	for (;;)
	{
		int64_t committed;

		done = run_pass(load, &layout, &committed, error);
		if (done)
			break;
		if (committed > 0)
			database_patience(load->database, &patience);
		if (!database_recover(load->database, &patience, error))
			break;
	}
	copy_layout_clean_up(&layout);
	return done;
}

/* ----- what the file is ----- */

/*
 * Choose the latest load of the file or, with again, the next one.
 */
static bool
choose_content(struct load *load, bool again, struct glue_error *error)
{
	snprintf(load->content_id, sizeof(load->content_id), "%s", load->file.content_id);
	return load->content_id[0] == '\0' ||
		   upload_choose_content(load->database, load->options->vendor, again, load->content_id,
								 sizeof(load->content_id), error);
}

/*
 * What identifies the upload: the content, and which load of it this is.  Finds
 * the upload of that, if any.  A load that was undone counts as none.
 */
static bool
identify(struct load *load, struct glue_error *error)
{
	const struct options *options = load->options;
	char moment[SUMMARY_TIME_SIZE];

	if (!choose_content(load, options->again, error))
		return false;
	if (load->content_id[0] == '\0')
		return true;
	if (!upload_find(load->database, options->vendor, load->content_id, &load->upload, error))
		return false;
	if (!load->upload.undone || load->upload.may_retry)
		return true;
	if (!options->quiet)
		message_note("upload %s of this file was undone on %s; loading it anew",
					 load->upload.upload_id, summary_time(moment, load->upload.undone_at));
	upload_clean_up(&load->upload);
	return choose_content(load, true, error);
}

static struct upload_request
request_of(const struct load *load)
{
	return (struct upload_request){
		.vendor_id = load->options->vendor,
		.file_name = load->file.input.name,
		.source = load->file.input.path,
		.content_id = load->content_id[0] != '\0' ? load->content_id : NULL,
		.total_records = load->file.found.row_count,
		.metadata = load->metadata,
	};
}

/*
 * Find an upload of the same file that was read with other options.
 */
static bool
find_other_reading(const struct load *load, struct upload *upload, struct glue_error *error)
{
	if (load->content_id[0] == '\0')
		return true;
	return upload_find_other_reading(load->database, load->options->vendor,
									 load->file.found.content_id, load->content_id, upload, error);
}

/*
 * Tell the user why a new upload of it will find its rows taken.
 */
static bool
note_other_reading(const struct load *load, struct glue_error *error)
{
	struct upload other = {0};

	if (load->options->quiet || load->options->again)
		return true;
	if (!find_other_reading(load, &other, error))
		return false;
	if (other.upload_id != NULL)
		message_note(
			"this file, read with another delimiter or encoding, is already upload %s; to replace its products, run \"onboard undo %s\" and load the file with --again",
			other.upload_id, other.upload_id);
	upload_clean_up(&other);
	return true;
}

/* ----- results ----- */

/*
 * Write the reports.  The rows are safe by now.
 */
static bool
write_reports(struct load *load, struct report_files *files, struct glue_error *error)
{
	if (report_files_write(load->database, &load->upload, load->options->reports, files, error))
		return true;
	message_error(error);
	message_note("the load itself is done; write the reports with \"onboard report %s\"",
				 load->upload.upload_id);
	return false;
}

static int
show_result(struct load *load, bool loaded_before)
{
	struct glue_error error = {0};
	struct report_files files;
	struct causes causes = {0};
	const struct upload *upload = &load->upload;
	struct summary summary = {
		.file_name = load->file.input.name,
		.vendor_id = load->options->vendor,
		.upload = upload,
		.total = upload->total_records,
		.valid = upload->valid_records,
		.errors = upload->error_records,
		.resumed_rows = load->resumed_rows,
		.loaded_before = loaded_before,
		.causes = &causes,
	};
	bool unwritten = false;
	int code;

	if (!loaded_before)
		summary.milliseconds = clock_milliseconds() - load->started_ms;
	if (!causes_read(load->database, upload->upload_id, &causes, &error))
	{
		causes_clean_up(&causes);
		return command_fail(load->options, &error);
	}
	if (!load->options->no_reports)
	{
		unwritten = !write_reports(load, &files, &error);
		summary.files = unwritten ? NULL : &files;
		summary.problem = unwritten ? &error : NULL;
	}
	code = summary_print(&summary, load->options);
	causes_clean_up(&causes);
	return unwritten ? EXIT_INFRASTRUCTURE : code;
}

/*
 * A refused file with --json: the reason and the upload that records it.
 */
static void
print_refusal(const struct load *load, const struct glue_error *fault, bool loaded_before)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "upload_id", load->upload.upload_id);
	json_add_text(document, "vendor_id", load->options->vendor);
	json_add_text(document, "file_name", load->file.input.name);
	json_add_text(document, "status", "failed");
	cJSON_AddBoolToObject(document, "loaded_before", loaded_before);
	json_add_error(document, fault, EXIT_REFUSED);
	json_out_print(document);
}

static void
note_refusal(const struct upload *upload, bool loaded_before, const char *mail)
{
	char moment[SUMMARY_TIME_SIZE];

	if (loaded_before)
		message_note(
			"loaded before, on %s, and refused as upload %s%s; the mail to the vendor is in %s",
			summary_time(moment, upload->created_at), upload->upload_id,
			upload->may_retry ? "" : "; --again loads it as a new upload", mail);
	else
		message_note("upload %s has failed; the mail to the vendor is in %s", upload->upload_id,
					 mail);
}

/*
 * The file is refused and a failed upload says so, that of an earlier run when
 * it was loaded before: tell the user, and the vendor by mail.
 */
static int
show_refusal(struct load *load, const struct glue_error *fault, bool loaded_before)
{
	struct glue_error error = {0};
	struct glue_error advised;
	struct report_files files;

	advised = vendor_file_advice(&load->file, fault);
	message_error(&advised);
	if (!load->options->no_reports &&
		!report_files_write(load->database, &load->upload, load->options->reports, &files, &error))
		message_error(&error);
	else if (!load->options->no_reports && !load->options->quiet)
		note_refusal(&load->upload, loaded_before, files.mail);
	if (load->options->json)
		print_refusal(load, fault, loaded_before);
	return EXIT_REFUSED;
}

/* ----- the three ways a load can go ----- */

/*
 * The scan found a fault in a file that is already loaded, or being loaded: tell
 * the user, and record nothing.
 */
static int
show_known(const struct load *load, const struct upload *known, const struct glue_error *fault)
{
	struct glue_error advised = vendor_file_advice(&load->file, fault);

	if (!load->options->quiet)
		message_note("this file is known as upload %s, which stays as it is", known->upload_id);
	return command_fail(load->options, &advised);
}

/*
 * Whether the upload that was found failed as this file would fail again.  One
 * that may be retried is retried if something else is wrong now, or if the user
 * asks for it.
 */
static bool
was_refused(const struct load *load, const struct glue_error *fault)
{
	const struct upload *upload = &load->upload;

	return upload->failure_code != NULL &&
		   (!upload->may_retry ||
			(!load->options->again && strcmp(upload->failure_code, fault->code) == 0));
}

/*
 * The scan found a fault.  It is recorded, once, unless the file is already loaded
 * or being loaded, with whatever options.
 */
static int
refuse_file(struct load *load, const struct glue_error *fault)
{
	struct glue_error error = {0};
	struct upload_request request = request_of(load);
	struct upload other = {0};
	int code;

	if (was_refused(load, fault))
		return show_refusal(load, fault, true);
	if (load->upload.upload_id != NULL && !load->upload.may_retry)
		return show_known(load, &load->upload, fault);
	if (!find_other_reading(load, &other, &error))
		return command_fail(load->options, &error);
	if (other.upload_id != NULL)
		code = show_known(load, &other, fault);
	else if (!upload_refuse(load->database, &request, fault, &load->upload, &error))
		code = command_fail(load->options, &error);
	else
		code = show_refusal(load, fault, false);
	upload_clean_up(&other);
	return code;
}

/*
 * The upload has failed although this reading finds no fault: its vendor may not
 * load, or somebody rejected it.  The database's message is a sentence; our errors
 * begin with a lower-case letter and have no period.
 */
static int
show_failed_upload(struct load *load, bool loaded_before)
{
	struct glue_error fault = {0};
	const struct upload *upload = &load->upload;
	const char *message = upload->failure_message;
	bool of_vendor = strcmp(upload->failure_code, "VENDOR_NOT_ACTIVE") == 0;
	int length;

	if (message == NULL || message[0] == '\0')
		message = "The upload was rejected.";
	length = (int) strlen(message);
	if (message[length - 1] == '.')
		length--;
	glue_error_set(&fault, GLUE_FILE_FAULT, upload->failure_code, "%c%.*s%s%s%s",
				   tolower((unsigned char) message[0]), length - 1, message + 1,
				   of_vendor ? "; change that with \"onboard vendor set-status " : "",
				   of_vendor ? load->options->vendor : "", of_vendor ? " active\"" : "");
	return show_refusal(load, &fault, loaded_before);
}

/*
 * Rows could not be loaded to the end.
 */
static int
show_interruption(struct load *load, const struct glue_error *error)
{
	struct glue_error problem = {0};

	if (strcmp(error->code, "OBJECT_REPLACED") == 0)
	{
		if (upload_reject(load->database, &load->upload, error->code, error->text, &problem))
			return show_refusal(load, error, false);
		return command_fail(load->options, &problem);
	}
	if (error->class == GLUE_INFRASTRUCTURE_ERROR && !load->options->quiet)
		message_note("upload %s is not complete; run the same command again to resume it",
					 load->upload.upload_id);
	return command_fail(load->options, error);
}

/*
 * All rows were sent.  Somebody else may have failed the upload meanwhile.
 */
static int
show_end(struct load *load)
{
	struct glue_error error = {0};

	if (load->upload.failure_code != NULL)
	{
		glue_error_set(&error, GLUE_FILE_FAULT, load->upload.failure_code,
					   "the upload was ended while it was loaded: %s",
					   load->upload.failure_message != NULL ? load->upload.failure_message : "");
		return show_refusal(load, &error, false);
	}
	if (strcmp(load->upload.status, "processing") == 0)
	{
		glue_error_set(&error, GLUE_INTERNAL_ERROR, "NOT_COMPLETE",
					   "some rows of upload %s have no verdict; run the same command again",
					   load->upload.upload_id);
		return command_fail(load->options, &error);
	}
	return show_result(load, false);
}

/*
 * Open the upload, or find it; sets *loaded_before if it had already ended.
 */
static bool
begin(struct load *load, bool *loaded_before, struct glue_error *error)
{
	struct upload_request request = request_of(load);
	struct upload found = load->upload;
	bool begun;

	load->upload = (struct upload){0};
	begun = (found.upload_id != NULL || note_other_reading(load, error)) &&
			upload_begin(load->database, &request, &load->upload, error);
	*loaded_before = begun && found.upload_id != NULL && strcmp(found.status, "processing") != 0 &&
					 strcmp(found.upload_id, load->upload.upload_id) == 0;
	upload_clean_up(&found);
	return begun;
}

/*
 * Send the rows that have no verdict.
 */
static int
load_open_upload(struct load *load)
{
	struct glue_error error = {0};

	load->resumed_rows = load->upload.valid_records + load->upload.error_records;
	if (load->resumed_rows > 0 && !load->options->quiet)
		message_note("going on with upload %s", load->upload.upload_id);
	if (!load_rows(load, &error) ||
		!upload_finish(load->database, &load->upload, load->file.found.row_count, &error))
		return show_interruption(load, &error);
	return show_end(load);
}

static int
load_file(struct load *load)
{
	struct glue_error error = {0};
	bool loaded_before;

	if (!begin(load, &loaded_before, &error))
		return command_fail(load->options, &error);
	if (load->upload.failure_code != NULL)
		return show_failed_upload(load, loaded_before);
	if (strcmp(load->upload.status, "processing") != 0)
		return show_result(load, true);
	return load_open_upload(load);
}

static int
run_load(struct load *load)
{
	struct glue_error error = {0};
	struct glue_error fault = {0};
	char vendor_status[32];
	bool good;

	if (!vendor_file_open(&load->file, load->options, &error) ||
		(load->database = database_open(load->options, &error)) == NULL ||
		!vendor_read_status(load->database, load->options->vendor, vendor_status,
							sizeof(vendor_status), &error))
		return command_fail(load->options, &error);

	load->started_ms = clock_milliseconds();
	good = vendor_file_scan(&load->file, &fault);
	if (!good && fault.class != GLUE_FILE_FAULT)
		return command_fail(load->options, &fault);
	load->metadata = scan_metadata(&load->file.found);
	if (load->metadata == NULL)
		glue_error_memory(&error);
	if (load->metadata == NULL || !identify(load, &error))
		return command_fail(load->options, &error);
	return good ? load_file(load) : refuse_file(load, &fault);
}

int
command_load(const struct options *options)
{
	struct load load = {.options = options};
	int code = run_load(&load);

	judged_rows_clean_up(&load.judged);
	upload_clean_up(&load.upload);
	database_close(load.database);
	vendor_file_clean_up(&load.file);
	cJSON_free(load.metadata);
	return code;
}
