/*-------------------------------------------------------------------------
 *
 * heap.c
 *	  Heap allocation, which a test can make fail at any point.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"

static void *(*current_reallocate)(void *, size_t) = realloc;

void *
glue_allocate(size_t size)
{
	return current_reallocate(NULL, size);
}

void *
glue_allocate_zero(size_t size)
{
	void *block = current_reallocate(NULL, size);

	if (block != NULL)
		memset(block, 0, size);
	return block;
}

void *
glue_reallocate(void *block, size_t size)
{
	return current_reallocate(block, size);
}

void
glue_release(void *block)
{
	free(block);
}

void
glue_set_reallocate(void *(*reallocate)(void *, size_t))
{
	current_reallocate = reallocate != NULL ? reallocate : realloc;
}
