/*-------------------------------------------------------------------------
 *
 * file_list.h
 *	  Which files the operands FILE... name, and in which order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GLUE_FILE_LIST_H
#define GLUE_FILE_LIST_H

#include <stdbool.h>

#include "base/failure.h"
#include "cli/options.h"

/* Owns the strings; free with file_list_clean_up(). */
struct file_list
{
	char **paths;
	int count;
	bool is_many; /* the command names a folder, or several files */
};

/*
 * List the files in the order of the operands.  A folder stands for the files in
 * it, without those in its folders, whose names formats_accept_name() accepts and
 * do not begin with a dot, in the order of their names.  Messages say what else it
 * has, except for hidden files and folders.  Then the files of each vendor that have
 * a time in their names are sorted by it among the positions that they occupy.
 * Whether a file exists is determined when it is opened.
 *
 * Returns false if a folder cannot be read or has no such file, and if memory
 * runs out.  *list is always initialized.
 */
extern bool
file_list_make(struct file_list *list, const struct options *options, struct glue_error *error);

extern void file_list_clean_up(struct file_list *list);

/* Return the name of a file without its folder; borrowed from path. */
extern const char *file_list_name(const char *path);

#endif /* GLUE_FILE_LIST_H */
