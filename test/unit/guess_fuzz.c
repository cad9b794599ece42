/*-------------------------------------------------------------------------
 *
 * guess_fuzz.c
 *	  Fuzz target: whatever a file contains, the map that is proposed for it is one
 *	  that the database would accept.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "guess/map_guess.h"
#include "guess/map_text.h"
#include "shared/map_syntax.h"
#include "shipped_categories.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct category_list known = {.names = categories, .count = CATEGORY_COUNT};

static void
check_map(struct text_view text)
{
	static struct map_statement statement;
	struct map_syntax syntax;

	map_syntax_start(&syntax, text);
	while (map_syntax_next(&syntax, &statement))
		continue;
	if (!map_syntax_failed(&syntax))
		return;
	fprintf(stderr, "line %d: %s\n%.*s\n", syntax.fault.line, syntax.fault.message,
			(int) text.length, text.data);
	abort();
}

static void
check_guess(const struct sample *sample)
{
	struct map_text_facts facts = {.file_name = "fuzz.csv"};
	struct byte_buffer text = {0};
	struct glue_error error;
	struct map_guess *guess = map_guess_new(sample_table(sample), &known, &error);

	if (guess != NULL && map_text_write(guess, &facts, &text, &error))
		check_map((struct text_view){text.data, text.used});
	byte_buffer_clean_up(&text);
	map_guess_destroy(guess);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct row_source_options options = {0};
	struct glue_error error;
	char encoding[DECODE_NAME_SIZE];
	struct sample *sample = sample_new(&options, true, &error);

	if (sample != NULL && sample_push(sample, (const char *) data, size, &error) &&
		sample_finish(sample, encoding, &error))
		check_guess(sample);
	sample_destroy(sample);
	return 0;
}
