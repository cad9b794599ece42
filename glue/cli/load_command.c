/*-------------------------------------------------------------------------
 *
 * load_command.c
 *	  onboard load: load a vendor's file into the catalogue.
 *
 * import.h does the import itself.  This file decides which load of the file
 * this is, waits while the database is unavailable, and reports to the user.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/interrupt.h"
#include "base/moment.h"
#include "cli/causes.h"
#include "cli/chosen_database.h"
#include "cli/chosen_map.h"
#include "cli/command.h"
#include "cli/each_file.h"
#include "cli/json_out.h"
#include "cli/local_file.h"
#include "cli/message.h"
#include "cli/named.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "cli/terminal.h"
#include "cli/upload_reports.h"
#include "import/copy_sink.h"
#include "import/file_name.h"
#include "import/import.h"

/* Rows per transaction. */
#define TRANSACTION_ROWS 50000

struct load
{
	const struct options *options;
	struct summary_total *total;
	struct local_file local;
	struct database *database;
	struct upload earlier;
	struct import import;
	char content_id[VENDOR_FILE_CONTENT_ID_SIZE]; /* "" if unknown */
	char source_time[MOMENT_SIZE];                /* of the contents */
	struct progress progress;
	struct patience patience;
	int64_t started_ms;
	int64_t resumed_rows; /* loaded by earlier runs */
};

/* ----- progress: functions of an import_observer ----- */

static void
show_progress(void *context, int64_t done)
{
	struct load *load = context;

	progress_update(&load->progress, done);
}

static void
begin_progress(void *context, int64_t total_rows, int64_t judged_rows)
{
	struct load *load = context;

	progress_begin(&load->progress, !load->options->quiet, "Loading", "rows", total_rows,
				   judged_rows);
}

static void
end_progress(void *context)
{
	struct load *load = context;

	progress_end(&load->progress);
}

/*
 * Restart the retry period after every reading that made progress.
 */
static bool
wait_for_database(void *context, bool advanced, struct glue_error *error)
{
	struct load *load = context;

	if (advanced)
		database_patience(&load->patience);
	return database_recover(load->database, &load->patience, error);
}

static void
init_import(struct load *load)
{
	const struct options *options = load->options;
	int64_t moment;
	struct import_request request = {
		.database = load->database,
		.file = &load->local.file,
		.vendor_id = options->vendor,
		.source = load->local.source.path,
		.map = options->map,
		.apply =
			{
				.mode = options->mode,
				.match = options->match,
				.blank = options->blank,
			},
		.stop_ms = POSTGRES_NO_DEADLINE,
		.observer =
			{
				.inspected = show_progress,
				.reading_begins = begin_progress,
				.loaded = show_progress,
				.reading_ends = end_progress,
				.again = wait_for_database,
				.context = load,
			},
	};

	if (local_file_source_time(&load->local, &moment))
	{
		moment_write(moment, load->source_time);
		request.apply.source_time = load->source_time;
	}
	import_init(&load->import, &request);
}

/*
 * Drop a future time that the user did not specify if it would only cause the
 * file to be refused: names often have local times, and inserted rows overwrite
 * nothing.
 */
static void
check_source_time(struct load *load)
{
	bool is_stated = (load->options->given & OPTION_BIT(OPTION_AS_OF)) != 0;
	int64_t moment;

	if (load->local.file.needs.mode == MODE_INSERT && !is_stated &&
		local_file_source_time(&load->local, &moment) && moment > day_milliseconds() * 1000)
		load->import.request.apply.source_time = NULL;
}

/*
 * Run the first reading; on failure *fault is set.
 */
static bool
inspect_file(struct load *load, struct glue_error *fault)
{
	bool good;

	progress_begin(&load->progress, !load->options->quiet, "Reading", "bytes",
				   load->local.source.bytes.size, 0);
	good = import_inspect(&load->import, fault);
	progress_end(&load->progress);
	if (good)
		local_file_note_empty_rows(&load->local);
	return good;
}

/*
 * Run the second reading.
 */
static bool
load_rows(struct load *load, struct glue_error *error)
{
	const struct scan_result *found = &load->local.file.found;
	struct copy_options options = {
		.transaction_rows = TRANSACTION_ROWS,
		/* The first reading does not detect rows that a map makes too large. */
		.with_defects = found->defect_count > 0 || found->map->has_file_map,
		.is_pipelined = true,
	};
	struct copy_sink copy;
	bool done;

	copy_sink_init(&copy, load->database, &options);
	database_patience(&load->patience);
	done = import_load(&load->import, &copy.sink, error);
	copy_sink_clean_up(&copy);
	return done;
}

/* ----- what the file is ----- */

/*
 * Choose the latest load of the file or, with again, a new one.
 */
static bool
choose_content(struct load *load, bool again, struct glue_error *error)
{
	snprintf(load->content_id, sizeof(load->content_id), "%s", load->local.file.content_id);
	return load->content_id[0] == '\0' ||
		   upload_choose_content(load->database, load->options->vendor, again, load->content_id,
								 sizeof(load->content_id), error);
}

/*
 * Determine what identifies the upload, content and number of the load, and
 * find that upload, if any.  An undone load does not count.
 */
static bool
identify(struct load *load, struct glue_error *error)
{
	const struct options *options = load->options;
	struct upload *earlier = &load->earlier;
	char moment[SUMMARY_TIME_SIZE];

	if (!choose_content(load, options->again, error))
		return false;
	if (load->content_id[0] == '\0')
		return true;
	load->import.request.content_id = load->content_id;
	if (!upload_find(load->database, options->vendor, load->content_id, earlier, error))
		return false;
	if (!earlier->undone || earlier->may_retry)
		return true;
	if (!options->quiet)
		message_note("upload %s of this file was undone on %s; loading it again",
					 earlier->upload_id, summary_time(moment, earlier->undone_at));
	upload_clean_up(earlier);
	return choose_content(load, true, error);
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
									 load->local.file.found.content_id, load->content_id, upload,
									 error);
}

/*
 * Warn that a new upload of this file will find its products already present.
 */
static bool
note_other_reading(const struct load *load, struct glue_error *error)
{
	struct upload other = {0};

	/* Other modes find their products, whichever upload loaded them. */
	if (load->options->quiet || load->options->again ||
		upload_mode_changes(load->local.file.needs.mode))
		return true;
	if (!find_other_reading(load, &other, error))
		return false;
	if (other.upload_id != NULL)
		message_note(
			"this file, read or applied in another way, is already upload %s; to replace its products, run \"onboard undo %s\" and load the file with --again",
			other.upload_id, other.upload_id);
	upload_clean_up(&other);
	return true;
}

/* ----- results ----- */

/*
 * Write the reports.  The rows are already committed.
 */
static bool
write_reports(const struct load *load, const struct upload *upload, struct report_files *files,
			  struct glue_error *error)
{
	if (upload_reports_write(load->database, upload, load->options->reports, files, error))
		return true;
	message_error(error);
	message_note("the load itself is done; write the reports with \"onboard report %s\"",
				 upload->upload_id);
	return false;
}

static int
show_result(struct load *load, bool loaded_before)
{
	struct glue_error error = {0};
	struct report_files files;
	struct causes causes = {0};
	struct upload *upload = &load->import.upload;
	struct summary summary = {
		.file_name = load->local.source.name,
		.vendor_id = load->options->vendor,
		.upload = upload,
		.total = upload->total_records,
		.valid = upload->valid_records,
		.errors = upload->error_records,
		.resumed_rows = load->resumed_rows,
		.skipped_rows = upload->skipped_rows,
		.map_name = upload->map_name,
		.loaded_before = loaded_before,
		.causes = &causes,
	};
	bool unwritten = false;
	int code;

	if (!loaded_before)
		summary.milliseconds = clock_milliseconds() - load->started_ms;
	if (!upload_read_held(load->database, upload, &error) ||
		!causes_read(load->database, upload->upload_id, &causes, &error) ||
		!causes_find_main(load->database, &causes, upload->valid_records + upload->error_records,
						  &error))
	{
		causes_clean_up(&causes);
		return command_fail(load->options, &error);
	}
	if (!load->options->no_reports)
	{
		unwritten = !write_reports(load, upload, &files, &error);
		summary.files = unwritten ? NULL : &files;
		summary.problem = unwritten ? &error : NULL;
	}
	chosen_map_note_list(&load->local, summary.errors);
	code = summary_print(&summary, load->options);
	summary_add(load->total, &summary);
	causes_clean_up(&causes);
	return unwritten ? EXIT_INFRASTRUCTURE : code;
}

/*
 * Print a refused file as JSON: the reason and the upload that records it.
 */
static void
print_refusal(const struct load *load, const struct upload *upload, const struct glue_error *fault,
			  bool loaded_before)
{
	cJSON *document = cJSON_CreateObject();

	json_add_text(document, "upload_id", upload->upload_id);
	json_add_text(document, "vendor_id", load->options->vendor);
	json_add_text(document, "file_name", load->local.source.name);
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
 * Report a refused file to the user and, by mail, to the vendor. upload is the
 * failed upload that records it, from an earlier run if the file was loaded
 * before.
 */
static int
show_refusal(const struct load *load, const struct upload *upload, const struct glue_error *fault,
			 bool loaded_before)
{
	struct glue_error error = {0};
	struct glue_error advised;
	struct report_files files;

	advised = local_file_advice(&load->local, fault);
	message_error(&advised);
	if (!load->options->no_reports &&
		!upload_reports_write(load->database, upload, load->options->reports, &files, &error))
		message_error(&error);
	else if (!load->options->no_reports && !load->options->quiet)
		note_refusal(upload, loaded_before, files.mail);
	if (load->options->json)
		print_refusal(load, upload, &advised, loaded_before);
	return EXIT_REFUSED;
}

/* ----- the three ways a load can go ----- */

/*
 * Report a fault in a file that is already loaded or being loaded, without
 * recording it.
 */
static int
show_known(const struct load *load, const struct upload *known, const struct glue_error *fault)
{
	struct glue_error advised = local_file_advice(&load->local, fault);

	if (!load->options->quiet)
		message_note("this file is already upload %s, which is left unchanged", known->upload_id);
	return command_fail(load->options, &advised);
}

/*
 * Return whether the earlier upload failed and this file would fail again.  A
 * retryable upload is retried if the fault differs now or the user asks for it.
 */
static bool
was_refused(const struct load *load, const struct glue_error *fault)
{
	const struct upload *upload = &load->earlier;

	return upload->failure_code != NULL &&
		   (!upload->may_retry ||
			(!load->options->again && strcmp(upload->failure_code, fault->code) == 0));
}

/*
 * Report an upload that has failed for a reason that this reading did not find: its
 * vendor is not active, or an operator rejected it.
 */
static int
show_failed_upload(struct load *load, bool loaded_before)
{
	struct glue_error fault = {0};
	const struct upload *upload = &load->import.upload;
	const char *message = upload->failure_message;
	char advice[GLUE_ERROR_TEXT_SIZE] = "";

	if (message == NULL || message[0] == '\0')
		message = "The upload was rejected.";
	if (strcmp(upload->failure_code, "VENDOR_NOT_ACTIVE") == 0)
		snprintf(advice, sizeof(advice),
				 "; change that with \"onboard vendor set-status %s active\"",
				 load->options->vendor);
	else if (strcmp(upload->failure_code, "MODE_NOT_ALLOWED") == 0)
		snprintf(advice, sizeof(advice),
				 "; change them with \"onboard vendor set %s --modes LIST\"",
				 load->options->vendor);
	else if (strcmp(upload->failure_code, "INVALID_SOURCE_TIME") == 0)
		snprintf(advice, sizeof(advice), "; if that is wrong, specify its time with --as-of");
	glue_error_sentence(&fault, upload->failure_code, message, advice);
	return show_refusal(load, upload, &fault, loaded_before);
}

/*
 * Return whether an earlier run has loaded the whole file.
 */
static bool
was_loaded(const struct load *load)
{
	const struct upload *earlier = &load->earlier;

	return earlier->upload_id != NULL && !upload_is_open(earlier) &&
		   strcmp(earlier->upload_id, load->import.upload.upload_id) == 0;
}

/*
 * Report a fault of the operator and not of the vendor, without recording
 * it.
 */
static int
show_slip(const struct load *load, const struct glue_error *fault)
{
	struct glue_error advised = local_file_advice(&load->local, fault);
	int code = command_fail(load->options, &advised);

	if (!load->options->quiet)
		message_note(
			"the options caused the refusal, so no upload is recorded; --record-refusal records one and writes the mail to the vendor");
	return code;
}

/*
 * Return whether a refusal is recorded.  An upload with a refused mode is,
 * whatever the file contains.
 */
static bool
keeps_refusal(struct load *load, const struct glue_error *fault)
{
	return load->options->record_refusal || load->import.mode_is_refused ||
		   !local_file_is_slip(&load->local, fault);
}

/*
 * Handle a fault found by the scan.  It is recorded, once, unless the file is
 * already loaded or being loaded, with any options, or the options are the reason.
 */
static int
refuse_file(struct load *load, const struct glue_error *fault)
{
	struct glue_error error = {0};
	struct upload other = {0};
	bool is_recorded = keeps_refusal(load, fault);
	int code;

	if (is_recorded && was_refused(load, fault))
		return show_refusal(load, &load->earlier, fault, true);
	if (load->earlier.upload_id != NULL && load->earlier.failure_code == NULL)
		return show_known(load, &load->earlier, fault);
	if (!load->import.mode_is_refused && !find_other_reading(load, &other, &error))
		return command_fail(load->options, &error);
	if (other.upload_id != NULL)
		code = show_known(load, &other, fault);
	else if (!is_recorded)
		code = show_slip(load, fault);
	else if (!import_refuse(&load->import, fault, &error))
		code = command_fail(load->options, &error);
	else if (strcmp(load->import.fault.code, fault->code) != 0)
		code = show_failed_upload(load, was_loaded(load));
	else
		code = show_refusal(load, &load->import.upload, fault, false);
	upload_clean_up(&other);
	return code;
}

/*
 * Report that loading stopped before the last row.
 */
static int
show_interruption(const struct load *load, const struct glue_error *error)
{
	if (error->class == GLUE_INFRASTRUCTURE_ERROR && !load->options->quiet)
		message_note("upload %s is not complete; run the same command again to resume it",
					 load->import.upload.upload_id);
	return command_fail(load->options, error);
}

/*
 * Report the end of the upload.  Another process may have failed it meanwhile.
 */
static int
show_end(struct load *load)
{
	const struct upload *upload = &load->import.upload;
	struct glue_error fault = {0};

	if (load->import.fault.class != GLUE_NO_ERROR)
		return show_refusal(load, upload, &load->import.fault, false);
	if (upload->failure_code == NULL)
		return show_result(load, false);
	glue_error_set(&fault, GLUE_FILE_FAULT, upload->failure_code,
				   "the upload was ended while it was being loaded: %s",
				   upload->failure_message != NULL ? upload->failure_message : "");
	return show_refusal(load, upload, &fault, false);
}

/*
 * Load the rows that have no verdict yet.
 */
static int
load_open_upload(struct load *load)
{
	const struct upload *upload = &load->import.upload;
	struct glue_error error = {0};

	load->resumed_rows = upload->valid_records + upload->error_records;
	if (load->resumed_rows > 0 && !load->options->quiet)
		message_note("resuming upload %s", upload->upload_id);
	return load_rows(load, &error) ? show_end(load) : show_interruption(load, &error);
}

static int
load_file(struct load *load)
{
	const struct upload *upload = &load->import.upload;
	struct glue_error error = {0};

	if ((load->earlier.upload_id == NULL && !note_other_reading(load, &error)) ||
		!import_begin(&load->import, &error))
		return command_fail(load->options, &error);
	if (upload->failure_code != NULL)
		return show_failed_upload(load, was_loaded(load));
	return upload_is_open(upload) ? load_open_upload(load) : show_result(load, true);
}

static int
run_load(struct load *load)
{
	const struct options *options = load->options;
	struct glue_error error = {0};
	struct glue_error fault = {0};
	char vendor_status[32];
	bool good;

	if (!local_file_open(&load->local, options, &error) ||
		(load->database = chosen_database_open(options, &error)) == NULL ||
		!named_vendor_status(load->database, options->vendor, vendor_status, sizeof(vendor_status),
							 &error))
		return command_fail(options, &error);
	load->started_ms = clock_milliseconds();
	init_import(load);
	if (!import_choose_map(&load->import, &error))
	{
		(void) chosen_map_explain(options, load->database, &error);
		return command_fail(options, &error);
	}
	good = inspect_file(load, &fault);
	if (!good && fault.class != GLUE_FILE_FAULT)
		return command_fail(options, &fault);
	check_source_time(load);
	if (!identify(load, &error))
		return command_fail(options, &error);
	return good ? load_file(load) : refuse_file(load, &fault);
}

/*
 * An each_file_fn.
 */
static int
load_one(const struct options *options, struct summary_total *total)
{
	struct load load = {.options = options, .total = total};
	int code = run_load(&load);

	import_clean_up(&load.import);
	upload_clean_up(&load.earlier);
	database_close(load.database);
	local_file_close(&load.local);
	return code;
}

int
command_load(const struct options *options)
{
	return each_file(options, load_one);
}
