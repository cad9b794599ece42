/*-------------------------------------------------------------------------
 *
 * header_fault.h
 *	  Why a file's first line is not its header.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_HEADER_FAULT_H
#define GLUE_HEADER_FAULT_H

#include "base/failure.h"
#include "reader/file_map.h"
#include "reader/record.h"
#include "reader/row_source.h"

/* Size of a cause, including the terminating NUL. */
#define HEADER_CAUSE_SIZE 256

/*
 * Find out why no field of a header is a heading of ours or of the vendor's map, which may
 * be NULL: another format, delimiter or quote character, lines that are quoted as a whole,
 * headings further down.  Returns false and an empty cause if none of these is recognized.
 */
extern bool
header_fault_recognize(const struct record *header, const struct row_source_found *found,
					   const struct file_map *map, char cause[HEADER_CAUSE_SIZE]);

/*
 * Set fault NO_HEADER for such a header.  As advice, its text names the cause, unless that
 * is empty, and shows how the line begins.  Always returns false.
 */
extern bool header_fault_set(const struct record *header, const char *cause,
							 const struct file_map *map, struct glue_error *error);

/* Does a header begin as files of another format do, such as HTML, XML, JSON or RTF? */
extern bool header_fault_is_other_format(const struct record *header);

/*
 * Set fault NO_HEADER for a header that could not be read; the text names its defect,
 * or the format that the file has instead.  Always returns false.
 */
extern bool header_fault_set_unreadable(const struct record *header, struct glue_error *error);

#endif /* GLUE_HEADER_FAULT_H */
