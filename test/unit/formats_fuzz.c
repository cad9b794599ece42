/*-------------------------------------------------------------------------
 *
 * formats_fuzz.c
 *	  Fuzz target: a file of any format, as it was sent.
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>

#include "fuzz.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_read((const char *) data, size);
	return 0;
}
