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
#include "reader/record.h"
#include "reader/row_source.h"

/*
 * Set fault NO_HEADER for a header in which no field is a heading of ours.  The
 * text shows how the line begins, and names the cause if it is recognized: another
 * delimiter or quote character, lines that are quoted as a whole, headings further
 * down, another format.  Always returns false.
 */
extern bool header_fault_set(const struct record *header, const struct row_source_found *found,
							 struct glue_error *error);

/*
 * Set fault NO_HEADER for a header that could not be read, for this reason, unless
 * its line shows that the file has another format.  Always returns false.
 */
extern bool header_fault_set_unreadable(const struct record *header, const char *reason,
										struct glue_error *error);

#endif /* GLUE_HEADER_FAULT_H */
