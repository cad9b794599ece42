/*-------------------------------------------------------------------------
 *
 * heap.h
 *	  The one door to the heap, so that a test can make any allocation fail.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEAP_H
#define GLUE_HEAP_H

#include <stddef.h>

/* NULL when there is no memory; the caller owns the result. */
extern void *glue_allocate(size_t size);

/* Like glue_allocate(), but all zero. */
extern void *glue_allocate_zero(size_t size);

/* Like realloc(): on NULL the old block stays valid and owned. */
extern void *glue_reallocate(void *block, size_t size);

/* NULL is accepted. */
extern void glue_release(void *block);

/*
 * For tests: allocate through this function from now on (semantics of
 * realloc(); blocks are still given back to free()).  NULL restores realloc().
 * Not for use while another thread allocates.
 */
extern void glue_set_reallocate(void *(*reallocate)(void *, size_t));

#endif /* GLUE_HEAP_H */
