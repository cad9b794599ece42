/*-------------------------------------------------------------------------
 *
 * import_driver.c
 *	  Imports that are interrupted at any point, against a real server.
 *
 * The file is in memory.  The rows go through a sink that wraps copy_sink.c and, at
 * a chosen point, shuts down the socket of the connection or lets another import
 * overtake this one.  081_import.pl starts the server and runs this program:
 *
 *	  import_driver CONNINFO		prints TAP
 *
 * The database has vendor V; each case begins with an upload of its own, under a
 * new content id and with SKUs of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <sys/socket.h>

#include "database/postgres_connect.h"
#include "import/copy_sink.h"
#include "import/import.h"

#define HEADER "vendor_product_id,product_name,category,sku,price,stock_quantity\n"

#define FILE_ROWS 20
#define MOST_ROWS 40

/* Longest time for one statement of the test itself. */
#define ANSWER_MS (INT64_C(1000) * HANG_SECONDS)

static const char *conninfo;
static int cases; /* begun so far */

/* ---------------------------------------------------------------------
 * The server
 * ---------------------------------------------------------------------
 */

static PGconn *
connect_server(void *context, bool refresh, int64_t deadline_ms, struct glue_error *error)
{
	static const char *const keywords[] = {"dbname", NULL};
	const char *const values[] = {conninfo, NULL};

	(void) context;
	(void) refresh;
	return postgres_connect(keywords, values, deadline_ms, error);
}

static struct database *
open_server(void)
{
	struct database_options options = {
		.connector = {.connect = connect_server},
		.connect_ms = ANSWER_MS,
		.retry = RETRY_WAITING,
		.retry_ms = ANSWER_MS,
		.unseen_retry_ms = ANSWER_MS,
	};
	struct glue_error error;
	struct database *database = database_open(&options, &error);

	if (database == NULL || !database_connect(database, &error))
	{
		printf("Bail out!  %s\n", error.text);
		exit(1);
	}
	return database;
}

/*
 * The one value that a query about an upload returns; "" for no row.
 */
static const char *
ask(const char *statement, const char *upload_id)
{
	static char value[256];
	struct database *database = open_server();
	const char *const values[] = {upload_id};
	struct glue_error error;
	PGresult *result = NULL;

	value[0] = '\0';
	if (!database_query(database, RUN_AGAIN, statement, 1, values, &result, &error))
		printf("# %s\n", error.text);
	else if (PQntuples(result) == 1)
		snprintf(value, sizeof(value), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	database_close(database);
	return value;
}

#define STATUS "SELECT u.status FROM onboard.upload_history u WHERE u.upload_id = $1::text"

#define FAILURE                                                                         \
	"SELECT u.failure_code || ': ' || u.failure_message FROM onboard.upload_history u " \
	"WHERE u.upload_id = $1::text"

#define ATTEMPTS \
	"SELECT u.parse_attempts FROM onboard.upload_history u WHERE u.upload_id = $1::text"

/* Ranges of the ledger, counts of the upload, products. */
#define ROWS                                                                                                \
	"SELECT concat_ws(' ', (SELECT string_agg(j.first_row || '-' || j.last_row, ',' ORDER BY j.first_row) " \
	"  FROM onboard.judged_rows j WHERE j.upload_id = u.upload_id), "                                       \
	"u.valid_records, u.error_records, "                                                                    \
	"(SELECT count(*) FROM onboard.products p WHERE p.upload_id = u.upload_id)) "                           \
	"FROM onboard.upload_history u WHERE u.upload_id = $1::text"

#define ALL_ROWS "1-20 20 0 20"

/* ---------------------------------------------------------------------
 * The file
 * ---------------------------------------------------------------------
 */

struct memory_source
{
	struct byte_source bytes;
	char text[MOST_ROWS * 64 + sizeof(HEADER)];
	int readings;
	int64_t offset; /* of the last reading */
};

static bool
read_memory(struct byte_source *bytes, int64_t offset, byte_source_take_fn take, void *context,
			struct glue_error *error)
{
	struct memory_source *source = (struct memory_source *) bytes;
	const size_t most = 100;
	size_t length = strlen(source->text);

	glue_error_clear(error);
	source->readings++;
	source->offset = offset;
	for (size_t done = (size_t) offset; done < length;)
	{
		size_t piece = length - done < most ? length - done : most;

		if (!take(context, source->text + done, piece))
			return false;
		done += piece;
	}
	return true;
}

static void
write_rows(struct memory_source *source, int rows)
{
	int length = snprintf(source->text, sizeof(source->text), "%s", HEADER);

	for (int row = 1; row <= rows; row++)
		length += snprintf(source->text + length, sizeof(source->text) - (size_t) length,
						   "P%d-%d,n,Books,S%d-%d,1,1\n", cases, row, cases, row);
}

static struct memory_source
memory_source(int rows)
{
	struct memory_source source = {
		.bytes = {.read = read_memory, .replaced_message = "Send it again."},
	};

	write_rows(&source, rows);
	return source;
}

/* ---------------------------------------------------------------------
 * The sink
 * ---------------------------------------------------------------------
 */

/* Where an import is interrupted, once; 0 or false for nowhere. */
struct interruption
{
	int at_row;     /* the connection is lost before this row is sent */
	bool at_answer; /* ... after COMMIT, whose answer nobody sees */
	bool overtaken; /* another import loads the file before the first COMMIT */
};

struct driven_sink
{
	struct row_sink sink;
	struct copy_sink copy;
	struct database *database;
	struct interruption interruption;
};

static bool overtake(void);

static struct row_sink *
copy_of(struct row_sink *sink)
{
	return &((struct driven_sink *) sink)->copy.sink;
}

static void
lose_connection(struct driven_sink *driven)
{
	shutdown(PQsocket(database_connection(driven->database)), SHUT_RDWR);
}

static bool
driven_begin(struct row_sink *sink, const char *upload_id, const struct header_map *map,
			 struct glue_error *error)
{
	return copy_of(sink)->begin(copy_of(sink), upload_id, map, error);
}

static bool
driven_row(struct row_sink *sink, const struct record *record, struct glue_error *error)
{
	struct driven_sink *driven = (struct driven_sink *) sink;

	if (record->row_number == driven->interruption.at_row)
	{
		driven->interruption.at_row = 0;
		lose_connection(driven);
	}
	return copy_of(sink)->row(copy_of(sink), record, error);
}

static bool
driven_is_full(const struct row_sink *sink, int64_t now_ms)
{
	const struct driven_sink *driven = (const struct driven_sink *) sink;

	return driven->copy.sink.is_full(&driven->copy.sink, now_ms);
}

/*
 * What comes of a commit that is done, when its answer is lost.
 */
static bool
lose_answer(struct driven_sink *driven, bool done, struct glue_error *error)
{
	driven->sink.committed_rows = driven->copy.sink.committed_rows;
	if (!done || !driven->interruption.at_answer)
		return done;
	driven->interruption.at_answer = false;
	lose_connection(driven);
	return glue_error_set(error, GLUE_INFRASTRUCTURE_ERROR, POSTGRES_LOST, "the answer was lost");
}

static bool
driven_commit(struct row_sink *sink, const struct resume_token *checkpoint, bool *moved,
			  struct glue_error *error)
{
	struct driven_sink *driven = (struct driven_sink *) sink;

	return lose_answer(driven, copy_of(sink)->commit(copy_of(sink), checkpoint, moved, error),
					   error);
}

static bool
driven_finish(struct row_sink *sink, struct glue_error *error)
{
	struct driven_sink *driven = (struct driven_sink *) sink;

	return lose_answer(driven, copy_of(sink)->finish(copy_of(sink), error), error);
}

static void
driven_abort(struct row_sink *sink)
{
	copy_of(sink)->abort(copy_of(sink));
}

static void
driven_sink_init(struct driven_sink *driven, struct database *database, int transaction_rows,
				 struct interruption interruption)
{
	struct copy_options options = {.transaction_rows = transaction_rows, .with_defects = true};

	*driven = (struct driven_sink){
		.sink =
			{
				.begin = driven_begin,
				.row = driven_row,
				.is_full = driven_is_full,
				.commit = driven_commit,
				.finish = driven_finish,
				.abort = driven_abort,
				.judges = true,
			},
		.database = database,
		.interruption = interruption,
	};
	copy_sink_init(&driven->copy, database, &options);
}

/* ---------------------------------------------------------------------
 * Imports
 * ---------------------------------------------------------------------
 */

/* One case: a file, and how it is imported. */
static struct
{
	struct memory_source source;
	struct import_request request;
	struct interruption interruption;
	int transaction_rows;
	int again;    /* how often another reading is allowed */
	int asked;    /* how often it was asked for */
	int advanced; /* how often something was committed before */

	char content_id[32];
	char upload_id[128];
} current;

static void
begin_case(int rows)
{
	cases++;
	memset(&current, 0, sizeof(current));
	current.source = memory_source(rows);
	current.request.stop_ms = INT64_MAX;
	current.transaction_rows = 3;
	snprintf(current.content_id, sizeof(current.content_id), "version %d", cases);
}

static bool
again(void *context, bool advanced, struct glue_error *error)
{
	(void) error;
	current.asked++;
	current.advanced += advanced;
	return current.again-- > 0 && database_connect(context, error);
}

/* Called when a reading for rows begins. */
static void
reading_begins(void *context, int64_t total_rows, int64_t judged_rows)
{
	(void) context;
	(void) total_rows;
	(void) judged_rows;
	if (current.interruption.overtaken)
	{
		current.interruption.overtaken = false;
		ok(overtake(), "another import of the same file ends");
	}
}

static bool
run_import(struct database *database, struct vendor_file *file, struct driven_sink *driven,
		   struct glue_error *error)
{
	struct import_request request = current.request;
	struct import import;
	bool done;

	request.database = database;
	request.file = file;
	request.vendor_id = "V";
	request.content_id = current.content_id;
	request.metadata = "{}";
	request.is_delivered = true;
	request.observer = (struct import_observer){
		.reading_begins = reading_begins, .again = again, .context = database};
	import_init(&import, &request);
	done = import_begin(&import, error) &&
		   (!upload_is_open(&import.upload) || import.is_inspected ||
			import_inspect(&import, error)) &&
		   (!upload_is_open(&import.upload) || import_load(&import, &driven->sink, error));
	if (import.upload.upload_id != NULL)
		snprintf(current.upload_id, sizeof(current.upload_id), "%s", import.upload.upload_id);
	import_clean_up(&import);
	return done;
}

/*
 * Import the file as the parser does, over a connection of its own.  Returns the
 * code of the error, "" for none.
 */
static const char *
import_file(void)
{
	static struct glue_error error;
	static const struct vendor_file_request find_out = {.limits = SCAN_DEFAULT_LIMITS};
	struct database *database = open_server();
	struct vendor_file file;
	struct driven_sink driven;

	glue_error_clear(&error);
	driven_sink_init(&driven, database, current.transaction_rows, current.interruption);
	current.interruption = (struct interruption){.overtaken = current.interruption.overtaken};
	if (vendor_file_init(&file, &current.source.bytes, "f.csv", &find_out, &error))
	{
		if (run_import(database, &file, &driven, &error))
			glue_error_clear(&error);
		vendor_file_clean_up(&file);
	}
	copy_sink_clean_up(&driven.copy);
	database_close(database);
	return error.code;
}

/*
 * Load the whole file in another process's place.
 */
static bool
overtake(void)
{
	int64_t offset = current.source.offset;
	bool done = import_file()[0] == '\0';

	current.source.offset = offset;
	return done;
}

static void
test_whole(void)
{
	begin_case(FILE_ROWS);
	is_text(import_file(), "", "a file is imported");
	is_text(ask(STATUS, current.upload_id), "completed", "its upload has ended");
	is_text(ask(ROWS, current.upload_id), ALL_ROWS, "each row has one verdict");
	is_int(current.source.readings, 2, "the file was read twice");
	is_text(ask(ATTEMPTS, current.upload_id), "1", "in one attempt");
	is_text(import_file(), "", "the file is delivered again");
	is_int(current.source.readings, 2, "an upload that has ended is not read again");
	is_text(ask(ROWS, current.upload_id), ALL_ROWS, "no row is judged twice");
}

/*
 * Lose the connection at each row, or the answer to the COMMIT before it; resume in
 * the same import or in the next one.
 */
static void
test_interrupted(bool with_checkpoints, bool at_answer, int times)
{
	int wrong = 0;
	int resumed = 0;

	for (int row = 1; row <= FILE_ROWS; row++)
	{
		const char *code;

		begin_case(FILE_ROWS);
		current.again = times;
		current.request.saves_checkpoints = with_checkpoints;
		if (at_answer)
			current.transaction_rows = row;
		current.interruption =
			(struct interruption){.at_row = at_answer ? 0 : row, .at_answer = at_answer};
		code = import_file();
		if (times == 0 && code[0] != '\0')
			code = import_file();
		resumed += current.source.offset > 0;
		if (code[0] != '\0' || strcmp(ask(ROWS, current.upload_id), ALL_ROWS) != 0 ||
			strcmp(ask(STATUS, current.upload_id), "completed") != 0)
		{
			printf("# row %d: %s, %s\n", row, code, ask(ROWS, current.upload_id));
			wrong++;
		}
	}
	is_int(wrong, 0, "interrupted at any row, %s%s, resumed %s",
		   with_checkpoints ? "with checkpoints" : "by the ledger",
		   at_answer ? ", the answer to COMMIT lost" : "",
		   times > 0 ? "at once" : "by the next import");
	ok((resumed > 0) == with_checkpoints, "%d of %d imports resumed in the middle", resumed,
	   FILE_ROWS);
}

static void
test_replaced(void)
{
	static const int sizes[] = {10, 19, 21, 40};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		begin_case(FILE_ROWS);
		current.interruption.at_row = 11;
		is_text(import_file(), POSTGRES_LOST, "a file is read to its middle");
		write_rows(&current.source, sizes[i]);
		current.source.bytes.is_pinned = true;
		is_text(import_file(), "", "now it has %d rows instead of %d", sizes[i], FILE_ROWS);
		is_text(ask(FAILURE, current.upload_id), "OBJECT_REPLACED: Send it again.",
				"the upload fails in the words of the source");
	}
}

static void
test_faults(void)
{
	begin_case(0);
	strcpy(current.source.text, "a,b\n1,2\n");
	is_text(import_file(), "", "a file with a fault is imported");
	ok(strncmp(ask(FAILURE, current.upload_id), "NO_HEADER: ", 11) == 0, "its upload fails");
	is_int(current.source.readings, 2, "after one reading, and one for all maps that may fit");
	begin_case(0);
	is_text(import_file(), "", "a file without rows is imported");
	ok(strncmp(ask(FAILURE, current.upload_id), "NO_ROWS: ", 9) == 0, "with a code of its own");
}

static void
test_overtaken(void)
{
	begin_case(FILE_ROWS);
	current.request.saves_checkpoints = true;
	current.again = 1;
	current.interruption.overtaken = true;
	is_text(import_file(), "", "an import that another one overtakes ends well");
	is_text(ask(ROWS, current.upload_id), ALL_ROWS, "no row is judged twice");
	is_text(ask(STATUS, current.upload_id), "completed", "the upload has ended");
}

static void
test_deadline(void)
{
	begin_case(FILE_ROWS);
	current.request.saves_checkpoints = true;
	current.request.stop_ms = 0;
	is_text(import_file(), "DEADLINE", "without time, no row is sent");
	is_text(ask(ROWS, current.upload_id), "0 0 0", "no row has a verdict");
	is_text(ask(STATUS, current.upload_id), "processing", "nothing is decided");
	current.request.stop_ms = INT64_MAX;
	is_text(import_file(), "", "the next attempt has time");
	is_text(ask(ROWS, current.upload_id), ALL_ROWS, "for all rows");
}

/* A transaction_fn: time runs out before the next answer can arrive. */
static bool
run_out_of_time(struct database *database, void *context, struct glue_error *error)
{
	(void) context;
	(void) error;
	database_set_deadline(database, clock_milliseconds());
	return true;
}

/* Likewise, in the middle of the transaction. */
static bool
ask_too_late(struct database *database, void *context, struct glue_error *error)
{
	return run_out_of_time(database, context, error) &&
		   database_query(database, RUN_AGAIN, "SELECT 1", 0, NULL, NULL, error);
}

static void
test_late_answers(void)
{
	struct database *database = open_server();
	struct glue_error error = {0};

	is_int(database_transaction(database, run_out_of_time, NULL, &error), TRANSACTION_UNKNOWN,
		   "the outcome is unknown if COMMIT is not answered in time");
	is_text(error.code, "DEADLINE", "which is a deadline");
	glue_error_clear(&error);
	database_set_deadline(database, POSTGRES_NO_DEADLINE);
	is_int(database_transaction(database, ask_too_late, NULL, &error), TRANSACTION_ROLLED_BACK,
		   "a transaction ends if a statement is not answered in time");
	is_text(error.code, "DEADLINE", "likewise");
	database_set_deadline(database, POSTGRES_NO_DEADLINE);
	ok(database_query(database, RUN_ONCE, "SELECT 1", 0, NULL, NULL, &error),
	   "the next statement has a connection");
	database_close(database);
}

int
main(int count, char **arguments)
{
	if (count != 2)
	{
		fprintf(stderr, "usage: import_driver CONNINFO\n");
		return 3;
	}
	conninfo = arguments[1];
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
	test_late_answers();
	return unit_done();
}
