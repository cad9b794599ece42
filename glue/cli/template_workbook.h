/*-------------------------------------------------------------------------
 *
 * template_workbook.h
 *	  Write a workbook for vendors to fill in, with lists of categories and units.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_TEMPLATE_WORKBOOK_H
#define GLUE_TEMPLATE_WORKBOOK_H

#include <stdbool.h>
#include <stdio.h>

#include "base/failure.h"
#include "database/database.h"

/*
 * Write the workbook to a file: the columns with a note on each in a language such
 * as "de", a valid row, and the categories that are active now.
 */
extern bool template_workbook_write(struct database *database, const char *language, FILE *file,
									struct glue_error *error);

#endif /* GLUE_TEMPLATE_WORKBOOK_H */
