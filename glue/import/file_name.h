/*-------------------------------------------------------------------------
 *
 * file_name.h
 *	  What the name of a vendor's file says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FILE_NAME_H
#define GLUE_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of the vendor's id in a name of the form VENDOR_date_time.csv
 * (VEND001_20260104_090000.csv), or 0 when the name has another form.
 */
extern size_t file_name_vendor(const char *name);

/* Whether the name has another form, or is one of this vendor. */
extern bool file_name_agrees(const char *name, const char *vendor);

#endif /* GLUE_FILE_NAME_H */
