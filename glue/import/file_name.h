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

/*
 * Return the length of the vendor id in a name of the form VENDOR_date_time.csv
 * (VEND001_20260104_090000.csv), or 0 if the name has another form.
 */
extern size_t file_name_vendor(const char *name);

/* Return whether the name has another form or contains this vendor's id. */
extern bool file_name_agrees(const char *name, const char *vendor);

#endif /* GLUE_FILE_NAME_H */
