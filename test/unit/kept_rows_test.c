/*-------------------------------------------------------------------------
 *
 * kept_rows_test.c
 *	  Records that one reading keeps for the next.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "archive.h"
#include "events.h"
#include "reader/formats.h"
#include "reader/kept_rows.h"
#include "reader/spill.h"
#include "shared/columns.h"

/* Read a workbook, or what was kept of it. */
static struct event_list
read_book(const struct row_source_options *options, const struct archive *archive, int stop_after)
{
	struct event_list list = {.stop_after = stop_after};
	struct row_source_events events = {events_record, events_record, &list};
	struct glue_error error;
	struct row_source *source = formats_open(options, &events, &error);

	if (!row_source_push(source, archive->bytes, archive->length, &error) ||
		!row_source_finish(source, &error))
		is_int(error.class, GLUE_NO_ERROR, "reading ends only at our request");
	row_source_destroy(source);
	return list;
}

/* Rows of all kinds, more than fit into memory at once. */
static void
make_book(struct archive *archive)
{
	size_t size = 4 * 1024 * 1024;
	char *sheet = malloc(size);
	size_t used = (size_t) sprintf(sheet, "<sheetData><row><c><v>1</v></c><c><v>2</v></c></row>");

	for (int i = 0; i < 2000; i++)
	{
		used += (size_t) sprintf(
			sheet + used, "<row><c t=\"%s\"><v>%0*d</v></c></row>", i % 7 == 3 ? "e" : "str",
			i % 100 == 50 ? ONBOARD_MAX_FIELD_BYTES + i % 3 - 1 : 1 + (int) unit_random(200), i);
	}
	strcpy(sheet + used, "</sheetData>");
	archive_make_book(archive, &(struct book){.sheets = {sheet}});
	free(sheet);
}

static void
test_kept(void)
{
	struct archive archive;
	struct kept_rows kept;
	struct row_source_options options = {.kept = &kept};
	struct event_list first;

	make_book(&archive);
	kept_rows_init(&kept);
	first = read_book(&options, &archive, 100);
	ok(!kept.is_complete, "reading that was stopped is not complete");
	events_clean_up(&first);
	kept_rows_clean_up(&kept);
	first = read_book(&options, &archive, 0);
	ok(kept.is_complete, "reading that has ended is complete");
	is_int(first.count, 2001, "all rows are read");
	options.format = &kept_format;
	for (int i = 0; i < 3; i++)
	{
		struct event_list again = read_book(&options, &archive, i == 1 ? 1500 : 0);

		if (i == 1)
			ok(memcmp(again.text, first.text, again.length) == 0, "reading can be stopped");
		else
			ok(strcmp(again.text, first.text) == 0, "records are the same each time");
		events_clean_up(&again);
	}
	events_clean_up(&first);
	kept_rows_clean_up(&kept);
	free(archive.bytes);
}

/* Texts of a spill are the same in memory and in a file. */
static void
check_spill(size_t most_memory, const char *where)
{
	static char text[3000000];
	struct glue_error error;
	struct spill spill;
	size_t length = 0;
	int wrong = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char) unit_random(256);
	spill_init(&spill, most_memory);
	while (length < sizeof(text))
	{
		size_t more = unit_random(unit_random(10) == 0 ? 100000 : 300);

		if (more > sizeof(text) - length)
			more = sizeof(text) - length;
		if (!spill_append(&spill, text + length, more, &error))
			wrong++;
		length += more;
	}
	for (int i = 0; i < 5000; i++)
	{
		size_t offset = unit_random(sizeof(text));
		size_t most =
			sizeof(text) - offset < SPILL_MOST_BYTES ? sizeof(text) - offset : SPILL_MOST_BYTES;
		size_t wanted = unit_random(unit_random(4) == 0 ? most : most < 3000 ? most : 3000);
		struct text_view read;

		wrong += !spill_read(&spill, (int64_t) offset, wanted, &read, &error) ||
				 read.length != wanted || memcmp(read.data, text + offset, wanted) != 0;
	}
	is_int(wrong, 0, "bytes are read from %s as they were written", where);
	spill_clean_up(&spill);
}

int
main(void)
{
	unit_seed();
	test_kept();
	check_spill(sizeof(int64_t) * 1000000, "memory");
	check_spill(100000, "a file");
	return unit_done();
}
