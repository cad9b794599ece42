/*-------------------------------------------------------------------------
 *
 * file_name.h
 *	  Parse the names of vendors' files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FILE_NAME_H
#define GLUE_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Return the length of the vendor id in a name of the form VENDOR_date_time.csv
 * (VEND001_20260104_090000.csv), or 0 if the name has another form.
 */
extern size_t file_name_vendor(const char *name);

/*
 * Set *moment (microseconds since 1970) to the date and time, in UTC, in a name of
 * that form.  Returns false if the name has another form or there is no such time.
 */
extern bool file_name_time(const char *name, int64_t *moment);

/* Return whether the name has another form or contains this vendor's id. */
extern bool file_name_agrees(const char *name, const char *vendor);

#endif /* GLUE_FILE_NAME_H */
