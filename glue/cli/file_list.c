/*-------------------------------------------------------------------------
 *
 * file_list.c
 *	  Which files the operands FILE... name, and in which order.
 *
 *-------------------------------------------------------------------------
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/heap.h"
#include "cli/file_list.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "import/file_name.h"
#include "reader/formats.h"

const char *
file_list_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* ----- collecting ----- */

/*
 * Add a file.  folder may be NULL.
 */
static bool
add(struct file_list *list, const char *folder, const char *name, struct glue_error *error)
{
	size_t length = folder != NULL ? strlen(folder) : 0;
	size_t size = length + strlen(name) + 2;
	char **paths = glue_reallocate(list->paths, sizeof(*paths) * (list->count + 1));
	char *path;

	if (paths == NULL)
		return glue_error_memory(error);
	list->paths = paths;
	path = glue_allocate(size);
	if (path == NULL)
		return glue_error_memory(error);
	snprintf(path, size, "%s%s%s", length > 0 ? folder : "",
			 length > 0 && folder[length - 1] != '/' ? "/" : "", name);
	list->paths[list->count++] = path;
	return true;
}

static bool
is_folder(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Files of a folder whose names have other endings. */
struct others
{
	int count;
	char first[NAME_MAX + 1]; /* in the order of their names */
};

static void
add_other(struct others *others, const char *name)
{
	if (others->count++ == 0 || strcmp(name, others->first) < 0)
		snprintf(others->first, sizeof(others->first), "%s", name);
}

/* There may be thousands of pictures, so one is named and the rest counted. */
static void
report_others(const struct others *others)
{
	char number[TERMINAL_COUNT_SIZE];

	if (others->count == 1)
		message_note("skipped \"%s\" because of the ending of its name; to read it, name it on the "
					 "command line",
					 others->first);
	else if (others->count > 1)
		message_note("skipped \"%s\" and %s more %s because of the endings of their names; to read "
					 "one, name it on the command line",
					 others->first, terminal_count(number, others->count - 1),
					 terminal_plural(others->count - 1, "file", "files"));
}

/*
 * Return whether an entry of an open folder is a file to load.  Pipes and the like
 * are only read if they are named; what looks like a file but is not one is reported
 * on.
 */
static bool
is_wanted(DIR *folder, const char *name, struct others *others)
{
	struct stat found;

	if (name[0] == '.')
		return false;
	if (fstatat(dirfd(folder), name, &found, 0) != 0)
		message_note("skipped \"%s\": %s", name, strerror(errno));
	else if (S_ISREG(found.st_mode) && formats_accept_name(name))
		return true;
	else if (S_ISREG(found.st_mode))
		add_other(others, name);
	else if (!S_ISDIR(found.st_mode))
		message_note(
			"skipped \"%s\", which is not a regular file; to read it, name it on the command line",
			name);
	return false;
}

static int
compare_paths(const void *left, const void *right)
{
	return strcmp(*(char *const *) left, *(char *const *) right);
}

static bool
folder_error(const char *path, struct glue_error *error)
{
	return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
						  "cannot read the folder \"%s\": %s", path, strerror(errno));
}

static bool
add_entries(struct file_list *list, DIR *folder, const char *path, struct others *others,
			struct glue_error *error)
{
	const struct dirent *entry;

	/* Only errno tells the end from a failure. */
	for (errno = 0; (entry = readdir(folder)) != NULL; errno = 0)
	{
		if (is_wanted(folder, entry->d_name, others) && !add(list, path, entry->d_name, error))
			return false;
	}
	return errno == 0 || folder_error(path, error);
}

static bool
add_folder(struct file_list *list, const char *path, struct glue_error *error)
{
	int first = list->count;
	struct others others = {.count = 0};
	DIR *folder = opendir(path);
	bool done;

	list->is_many = true;
	if (folder == NULL)
		return folder_error(path, error);
	done = add_entries(list, folder, path, &others, error);
	closedir(folder);
	if (!done)
		return false;
	if (list->count == first)
		return glue_error_set(error, GLUE_FILE_FAULT, "UNREADABLE_FILE",
							  "the folder \"%s\" contains no CSV files, workbooks or archives",
							  path);
	report_others(&others);
	qsort(list->paths + first, list->count - first, sizeof(*list->paths), compare_paths);
	return true;
}

/* ----- the order of a vendor's files ----- */

/* A file with a vendor and a time in its name. */
struct dated
{
	int place; /* in the list */
	char *path;
	const char *name;
	size_t vendor_length;
	int64_t moment;
};

static int
compare_vendors(const struct dated *left, const struct dated *right)
{
	size_t length = left->vendor_length;

	if (length != right->vendor_length)
		return length < right->vendor_length ? -1 : 1;
	return memcmp(left->name, right->name, length);
}

static int
compare_places(const void *left, const void *right)
{
	const struct dated *one = left;
	const struct dated *other = right;
	int order = compare_vendors(one, other);

	return order != 0 ? order : one->place - other->place;
}

static int
compare_moments(const void *left, const void *right)
{
	const struct dated *one = left;
	const struct dated *other = right;
	int order = compare_vendors(one, other);

	if (order != 0)
		return order;
	if (one->moment != other->moment)
		return one->moment < other->moment ? -1 : 1;
	return one->place - other->place;
}

/*
 * Collect the files that have a time; returns their number.
 */
static int
find_dated(const struct file_list *list, struct dated *files)
{
	int count = 0;

	for (int i = 0; i < list->count; i++)
	{
		struct dated *file = &files[count];

		file->place = i;
		file->path = list->paths[i];
		file->name = file_list_name(file->path);
		file->vendor_length = file_name_vendor(file->name);
		if (file_name_time(file->name, &file->moment))
			count++;
	}
	return count;
}

/*
 * Sort the files of each vendor by time among the positions that they occupy:
 * yesterday's prices must not be loaded after today's.
 */
static bool
order_by_time(struct file_list *list, struct glue_error *error)
{
	struct dated *places = glue_allocate(2 * sizeof(*places) * list->count);
	struct dated *files = places + list->count;
	int count;

	if (places == NULL)
		return glue_error_memory(error);
	count = find_dated(list, places);
	memcpy(files, places, sizeof(*files) * count);
	qsort(places, count, sizeof(*places), compare_places);
	qsort(files, count, sizeof(*files), compare_moments);
	for (int i = 0; i < count; i++)
		list->paths[places[i].place] = files[i].path;
	glue_release(places);
	return true;
}

bool
file_list_make(struct file_list *list, const struct options *options, struct glue_error *error)
{
	memset(list, 0, sizeof(*list));
	list->is_many = options->operand_count > 1;
	for (int i = 0; i < options->operand_count; i++)
	{
		const char *path = options->operands[i];

		if (!(is_folder(path) ? add_folder(list, path, error) : add(list, NULL, path, error)))
			return false;
	}
	return order_by_time(list, error);
}

void
file_list_clean_up(struct file_list *list)
{
	for (int i = 0; i < list->count; i++)
		glue_release(list->paths[i]);
	glue_release(list->paths);
	memset(list, 0, sizeof(*list));
}
