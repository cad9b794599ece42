/*-------------------------------------------------------------------------
 *
 * heap.h
 *	  Heap allocation, which a test can make fail at any point.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEAP_H
#define GLUE_HEAP_H

#include <stddef.h>

/* Allocate memory that the caller owns; NULL if out of memory. */
extern void *glue_allocate(size_t size);

/* Like glue_allocate(), but zeroed. */
extern void *glue_allocate_zero(size_t size);

/* Like realloc(): if the result is NULL, the old block remains valid and owned. */
extern void *glue_reallocate(void *block, size_t size);

/* Free a block; NULL is accepted. */
extern void glue_release(void *block);

/*
 * For tests: allocate through this function from now on.  It has the semantics
 * of realloc(), and its blocks are released with free().  NULL restores
 * realloc().  Must not be called while another thread allocates.
 */
extern void glue_set_reallocate(void *(*reallocate)(void *, size_t));

#endif /* GLUE_HEAP_H */
