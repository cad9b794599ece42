/*-------------------------------------------------------------------------
 *
 * decode_driver.c
 *	  Decodes a sample in encodings given by name, for tests/test_image.py.
 *
 *	  decode_driver SAMPLE <NAMES
 *
 * For each line of standard input, the name of an encoding, prints the name,
 * a tab, and the text of the file SAMPLE in that encoding as hexadecimal
 * digits, or the code of the error.  It needs no library but the C library,
 * so that it runs in the image.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/decode.h"

/* Larger than the sample of any test. */
#define SAMPLE_BYTES 65536

static bool
print_text(void *context, struct text_view text, bool may_be_damaged)
{
	(void) context;
	(void) may_be_damaged;
	for (size_t i = 0; i < text.length; i++)
		printf("%02x", (unsigned char) text.data[i]);
	return true;
}

static void
decode(const char *name, const char *sample, size_t length)
{
	struct glue_error error = {0};
	struct decoder *decoder = decoder_new(name, print_text, NULL, &error);

	printf("%s\t", name);
	if (decoder == NULL || !decoder_push(decoder, sample, length, &error) ||
		!decoder_finish(decoder, &error))
		printf("%s", error.code);
	putchar('\n');
	decoder_destroy(decoder);
}

int
main(int argc, char **argv)
{
	static char sample[SAMPLE_BYTES];
	char name[DECODE_NAME_SIZE];
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	size_t length;

	if (file == NULL)
	{
		fputs("usage: decode_driver SAMPLE <NAMES\n", stderr);
		return 2;
	}
	length = fread(sample, 1, sizeof(sample), file);
	fclose(file);
	while (fgets(name, sizeof(name), stdin) != NULL)
	{
		name[strcspn(name, "\n")] = '\0';
		decode(name, sample, length);
	}
	return 0;
}
