/*-------------------------------------------------------------------------
 *
 * import_test.c
 *	  An import that is interrupted anywhere, against a database in memory.
 *
 * database_query() of this file stands for the server: it answers the calls on one
 * upload, and keeps which rows have a verdict.  The file comes from memory, the
 * rows go to a sink that commits them like COPY does, and fails where it is told.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "import/import.h"

#define HEADER "vendor_product_id,product_name,category,sku,price,stock_quantity\n"

#define MOST_ROWS 100
#define UPLOAD "V-0123456789abcdef"

/* Columns of an upload, in the order of upload.c. */
#define UPLOAD_COLUMN_COUNT 28

/* ---------------------------------------------------------------------
 * The server
 * ---------------------------------------------------------------------
 */

static struct
{
	const char *status; /* of the upload; NULL until it has begun */
	int64_t total;
	char failure_code[GLUE_ERROR_CODE_SIZE];
	char failure_message[GLUE_ERROR_TEXT_SIZE];
	int64_t checkpoint[3]; /* byte, row and line; 0 for none */
	char state[2048];
	char delimiter[2];
	int attempts;
	int verdicts[MOST_ROWS + 1]; /* of each row */
	bool vendor_exists;
} server;

static void
reset_server(void)
{
	memset(&server, 0, sizeof(server));
	server.total = -1;
	server.vendor_exists = true;
}

static PGresult *
new_result(int columns, int rows, const char *const *values)
{
	static PGresAttDesc descriptions[32];
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	for (int column = 0; column < columns; column++)
		descriptions[column].name = (char *) "column";
	PQsetResultAttrs(result, columns, descriptions);
	for (int row = 0; row < rows; row++)
	{
		for (int column = 0; column < columns; column++)
		{
			const char *value = values[row * columns + column];

			PQsetvalue(result, row, column, (char *) value,
					   value != NULL ? (int) strlen(value) : -1);
		}
	}
	return result;
}

static int64_t
count_judged(void)
{
	int64_t judged = 0;

	for (int row = 1; row <= MOST_ROWS; row++)
		judged += server.verdicts[row] > 0;
	return judged;
}

static void
end_if_complete(void)
{
	if (server.total >= 0 && count_judged() == server.total &&
		strcmp(server.status, "processing") == 0)
		server.status = "completed";
}

/*
 * The columns that upload.c asks for.
 */
static PGresult *
upload_row(void)
{
	static char texts[6][24];
	const char *values[UPLOAD_COLUMN_COUNT] = {
		[0] = UPLOAD,   [1] = "V",      [2] = "f.csv",   [4] = server.status,
		[5] = texts[0], [6] = texts[1], [7] = "0",       [13] = "1",
		[15] = "f",     [20] = "f",     [21] = texts[2],
	};

	snprintf(texts[0], sizeof(texts[0]), "%" PRId64, server.total);
	snprintf(texts[1], sizeof(texts[1]), "%" PRId64, count_judged());
	snprintf(texts[2], sizeof(texts[2]), "%d", server.attempts);
	if (server.failure_code[0] != '\0')
	{
		values[9] = server.failure_code;
		values[10] = server.failure_message;
	}
	if (server.delimiter[0] != '\0')
		values[22] = server.delimiter;
	for (int i = 0; server.checkpoint[0] > 0 && i < 3; i++)
	{
		snprintf(texts[3 + i], sizeof(texts[0]), "%" PRId64, server.checkpoint[i]);
		values[24 + i] = texts[3 + i];
		values[27] = server.state;
	}
	return new_result(UPLOAD_COLUMN_COUNT, 1, values);
}

static PGresult *
judged_ranges(void)
{
	static char texts[2 * MOST_ROWS][24];
	const char *values[2 * MOST_ROWS];
	int count = 0;

	for (int row = 1; row <= MOST_ROWS; row++)
	{
		if (server.verdicts[row] == 0)
			continue;
		if (row == 1 || server.verdicts[row - 1] == 0)
			snprintf(texts[count++], sizeof(texts[0]), "%d", row);
		if (row == MOST_ROWS || server.verdicts[row + 1] == 0)
			snprintf(texts[count++], sizeof(texts[0]), "%d", row);
	}
	for (int i = 0; i < count; i++)
		values[i] = texts[i];
	return new_result(2, count / 2, values);
}

static void
fail_upload(const char *code, const char *message)
{
	server.status = "failed";
	snprintf(server.failure_code, sizeof(server.failure_code), "%s", code);
	snprintf(server.failure_message, sizeof(server.failure_message), "%s", message);
}

static bool
is_call(const char *statement, const char *function)
{
	return strstr(statement, function) != NULL;
}

bool
database_query(struct database *database, enum database_repeat repeat, const char *statement,
			   int count, const char *const *values, PGresult **result, struct glue_error *error)
{
	(void) database;
	(void) repeat;
	if (is_call(statement, "EXISTS"))
	{
		const char *exists[] = {server.vendor_exists ? "t" : "f"};

		*result = new_result(1, 1, exists);
		return true;
	}
	if (is_call(statement, "onboard_judged_ranges"))
	{
		*result = judged_ranges();
		return true;
	}
	if (is_call(statement, "onboard_begin_upload"))
	{
		if (!server.vendor_exists)
			return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "42704", "no such vendor");
		if (server.status == NULL)
		{
			server.status = "processing";
			server.total = values[4] != NULL ? strtoll(values[4], NULL, 10) : -1;
		}
	}
	if (is_call(statement, "onboard_begin_parse"))
		server.attempts++;
	if (is_call(statement, "onboard_reject_upload") && strcmp(server.status, "processing") == 0)
		fail_upload(values[count - 2], values[count - 1]);
	if (is_call(statement, "onboard_describe_upload"))
	{
		server.total = strtoll(values[1], NULL, 10);
		strcpy(server.delimiter, ",");
		end_if_complete();
	}
	if (is_call(statement, "onboard_finish_upload"))
	{
		server.total = strtoll(values[1], NULL, 10);
		end_if_complete();
	}
	*result = upload_row();
	return true;
}

/* ---------------------------------------------------------------------
 * The file
 * ---------------------------------------------------------------------
 */

struct memory_source
{
	struct byte_source bytes;
	const char *text;
	size_t piece;
	int readings;
	int64_t offset; /* of the last reading */
};

static bool
read_memory(struct byte_source *bytes, int64_t offset, byte_source_take_fn take, void *context,
			struct glue_error *error)
{
	struct memory_source *source = (struct memory_source *) bytes;
	size_t length = strlen(source->text);

	glue_error_clear(error);
	source->readings++;
	source->offset = offset;
	for (size_t done = (size_t) offset; done < length;)
	{
		size_t piece = length - done < source->piece ? length - done : source->piece;

		if (!take(context, source->text + done, piece))
			return false;
		done += piece;
	}
	return true;
}

static struct memory_source
memory_source(const char *text)
{
	return (struct memory_source){
		.bytes = {.read = read_memory, .replaced_message = "replaced; send it again"},
		.text = text,
		.piece = 100,
	};
}

static const char *
file_of(int rows)
{
	static char text[MOST_ROWS * 32 + sizeof(HEADER)];
	int length = snprintf(text, sizeof(text), "%s", HEADER);

	for (int row = 1; row <= rows; row++)
		length += snprintf(text + length, sizeof(text) - (size_t) length, "P%d,n,Books,S%d,1,1\n",
						   row, row);
	return text;
}

/* ---------------------------------------------------------------------
 * The sink
 * ---------------------------------------------------------------------
 */

struct memory_sink
{
	struct row_sink sink;
	int transaction_rows;
	int pending[MOST_ROWS];
	int count;
	int fail_before;  /* the transaction of this row is lost, once */
	bool commit_lost; /* it is committed, and nobody learns of it */
	bool overtaken;   /* by another reader, once */
};

static bool
lose_connection(struct glue_error *error)
{
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, "08006", "lost");
}

static void
store_checkpoint(const struct resume_token *checkpoint)
{
	server.checkpoint[0] = checkpoint->byte_offset;
	server.checkpoint[1] = checkpoint->row_number;
	server.checkpoint[2] = checkpoint->line_number;
	snprintf(server.state, sizeof(server.state), "%s", checkpoint->state);
}

static bool
memory_begin(struct row_sink *sink, const char *upload_id, const struct column_map *map,
			 struct glue_error *error)
{
	(void) sink;
	(void) error;
	return strcmp(upload_id, UPLOAD) == 0 && map->field_count == 6;
}

static bool
memory_row(struct row_sink *sink, const struct record *record, struct glue_error *error)
{
	struct memory_sink *memory = (struct memory_sink *) sink;

	memory->pending[memory->count++] = (int) record->row_number;
	if (record->row_number != memory->fail_before)
		return true;
	memory->fail_before = 0;
	return lose_connection(error);
}

static bool
memory_is_full(const struct row_sink *sink, int64_t now_ms)
{
	const struct memory_sink *memory = (const struct memory_sink *) sink;

	(void) now_ms;
	return memory->count >= memory->transaction_rows;
}

static bool
memory_commit(struct row_sink *sink, const struct resume_token *checkpoint, bool *moved,
			  struct glue_error *error)
{
	struct memory_sink *memory = (struct memory_sink *) sink;

	*moved = !memory->overtaken;
	memory->overtaken = false;
	for (int i = 0; i < memory->count; i++)
		server.verdicts[memory->pending[i]]++;
	if (checkpoint != NULL && *moved)
		store_checkpoint(checkpoint);
	end_if_complete();
	if (memory->commit_lost)
	{
		memory->commit_lost = false;
		return lose_connection(error);
	}
	sink->committed_rows += memory->count;
	memory->count = 0;
	return true;
}

static bool
memory_finish(struct row_sink *sink, struct glue_error *error)
{
	bool moved;

	return memory_commit(sink, NULL, &moved, error);
}

static void
memory_abort(struct row_sink *sink)
{
	((struct memory_sink *) sink)->count = 0;
}

static struct memory_sink
memory_sink(int transaction_rows)
{
	return (struct memory_sink){
		.sink =
			{
				.begin = memory_begin,
				.row = memory_row,
				.is_full = memory_is_full,
				.commit = memory_commit,
				.finish = memory_finish,
				.abort = memory_abort,
				.judges = true,
			},
		.transaction_rows = transaction_rows,
	};
}

/* ---------------------------------------------------------------------
 * Imports
 * ---------------------------------------------------------------------
 */

static struct
{
	int again;    /* how often another reading is allowed */
	int asked;    /* how often it was asked for */
	int advanced; /* how often there was something committed */
} observed;

static bool
again(void *context, bool advanced, struct glue_error *error)
{
	(void) context;
	(void) error;
	observed.asked++;
	observed.advanced += advanced;
	return observed.again-- > 0;
}

/*
 * Import a file like the parser does; returns the code of the error, "" for none.
 */
static const char *
import(struct memory_source *source, struct memory_sink *sink, struct import_request request)
{
	static struct glue_error error;
	static const struct row_source_options find_out;
	struct scan_limits limits = SCAN_DEFAULT_LIMITS;
	struct vendor_file file;
	struct import import;
	bool done;

	glue_error_clear(&error);
	request.file = &file;
	request.vendor_id = "V";
	request.content_id = "version";
	request.metadata = "{}";
	request.is_delivered = true;
	request.observer = (struct import_observer){.again = again};
	if (!vendor_file_init(&file, &source->bytes, "f.csv", &find_out, &limits, &error))
		return error.code;
	import_init(&import, &request);
	done = import_begin(&import, &error) &&
		   (import.is_inspected || import_inspect(&import, &error)) &&
		   import_load(&import, &sink->sink, &error);
	if (done)
		glue_error_clear(&error);
	import_clean_up(&import);
	vendor_file_clean_up(&file);
	return error.code;
}

#define FOR_EVER             \
	{                        \
		.stop_ms = INT64_MAX \
	}
#define WITH_CHECKPOINTS                                \
	{                                                   \
		.stop_ms = INT64_MAX, .saves_checkpoints = true \
	}

/*
 * Whether each of so many rows has exactly one verdict.
 */
static bool
judged_once(int rows)
{
	for (int row = 1; row <= MOST_ROWS; row++)
	{
		if (server.verdicts[row] != (row <= rows))
			return false;
	}
	return true;
}

static void
reset(int times)
{
	reset_server();
	memset(&observed, 0, sizeof(observed));
	observed.again = times;
}

static void
test_whole(void)
{
	struct memory_source source = memory_source(file_of(20));
	struct memory_sink sink = memory_sink(7);
	struct import_request request = FOR_EVER;

	reset(0);
	is_text(import(&source, &sink, request), "", "a file is imported");
	is_text(server.status, "completed", "its upload has ended");
	ok(judged_once(20), "each row has a verdict");
	is_int(source.readings, 2, "after two readings");
	is_int(server.attempts, 1, "which are one attempt");
	is_text(import(&source, &sink, request), "", "it comes again");
	is_int(source.readings, 3, "and is not read for rows");
	ok(judged_once(20), "and none is judged twice");
	reset(0);
	server.vendor_exists = false;
	is_text(import(&source, &sink, request), "UNKNOWN_VENDOR", "nobody's file is not imported");
}

/*
 * Lose the connection at each row; read again in the same import, or in the next.
 */
static void
test_interrupted(bool with_checkpoints, bool commit_lost, int times)
{
	static const struct import_request requests[] = {FOR_EVER, WITH_CHECKPOINTS};
	const char *how = with_checkpoints ? "with checkpoints" : "by the ledger";
	int wrong = 0;
	int resumed = 0;

	for (int row = 1; row <= 20; row++)
	{
		struct memory_source source = memory_source(file_of(20));
		struct memory_sink sink = memory_sink(3);
		const char *code;

		reset(times);
		if (commit_lost)
			sink.transaction_rows = row;
		sink.commit_lost = commit_lost;
		sink.fail_before = commit_lost ? 0 : row;
		code = import(&source, &sink, requests[with_checkpoints]);
		if (times == 0)
		{
			wrong += strcmp(code, "08006") != 0;
			code = import(&source, &sink, requests[with_checkpoints]);
		}
		resumed += source.offset > 0;
		wrong += code[0] != '\0' || !judged_once(20) || strcmp(server.status, "completed") != 0;
	}
	is_int(wrong, 0, "interrupted at any row, %s%s, %d times again", how,
		   commit_lost ? ", the answer to a commit lost" : "", times);
	ok((resumed > 0) == with_checkpoints, "%d of 20 readings resumed in the middle", resumed);
}

static void
test_replaced(void)
{
	static const int sizes[] = {0, 10, 19, 21, 40};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		struct memory_source source = memory_source(file_of(20));
		struct memory_sink sink = memory_sink(5);
		struct import_request request = FOR_EVER;

		reset(0);
		sink.fail_before = 11;
		is_text(import(&source, &sink, request), "08006", "a file is read to its middle");
		source.text = file_of(sizes[i]);
		source.bytes.is_pinned = true;
		is_text(import(&source, &sink, request), "", "it has %d rows now in place of 20", sizes[i]);
		is_text(server.status, "failed", "so it has failed");
		is_text(server.failure_code, "OBJECT_REPLACED", "because it was replaced");
		is_text(server.failure_message, "replaced; send it again", "as its source says it");
	}
}

static void
test_faults(void)
{
	struct memory_source source = memory_source("a,b\n1,2\n");
	struct memory_sink sink = memory_sink(5);
	struct import_request request = FOR_EVER;

	reset(0);
	is_text(import(&source, &sink, request), "", "a file with a fault");
	is_text(server.failure_code, "NO_HEADER", "ends its upload");
	is_int(source.readings, 1, "after one reading");
	reset(0);
	source.text = HEADER;
	is_text(import(&source, &sink, request), "", "so does a file without rows");
	is_text(server.failure_code, "NO_ROWS", "which has a code of its own");
}

static void
test_overtaken(void)
{
	struct memory_source source = memory_source(file_of(20));
	struct memory_sink sink = memory_sink(5);
	struct import_request request = WITH_CHECKPOINTS;

	reset(1);
	sink.overtaken = true;
	is_text(import(&source, &sink, request), "", "another reader is further on");
	is_int(observed.asked, 1, "so it is read again");
	is_int(observed.advanced, 1, "because there is progress");
	ok(judged_once(20), "and no row is judged twice");
	reset(0);
	sink.overtaken = true;
	is_text(import(&source, &sink, request), IMPORT_OVERTAKEN, "or the caller is told");
}

static void
test_deadline(void)
{
	struct memory_source source = memory_source(file_of(20));
	struct memory_sink sink = memory_sink(5);
	struct import_request late = {.stop_ms = 0, .saves_checkpoints = true};
	struct import_request request = WITH_CHECKPOINTS;

	reset(0);
	is_text(import(&source, &sink, late), "DEADLINE", "there is no time for any row");
	is_int(count_judged(), 0, "so none is judged");
	is_text(server.status, "processing", "and nothing is decided");
	is_text(import(&source, &sink, request), "", "the next attempt has time");
	ok(judged_once(20), "for all of them");
}

int
main(void)
{
	test_whole();
	for (int times = 0; times < 2; times++)
	{
		test_interrupted(false, false, times);
		test_interrupted(true, false, times);
		test_interrupted(false, true, times);
	}
	test_replaced();
	test_faults();
	test_overtaken();
	test_deadline();
	return unit_done();
}
