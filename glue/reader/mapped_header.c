/*-------------------------------------------------------------------------
 *
 * mapped_header.c
 *	  The header of a file: what its fields are, and what a vendor's map does.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "reader/header_check.h"
#include "reader/header_fault.h"
#include "reader/mapped_header.h"

/* Assign all fields their roles. */
static bool
assign_roles(struct mapped_header *mapped, const struct record *header, const struct file_map *map,
			 struct glue_error *error)
{
	int more = map != NULL ? map_binding_fields(map) : 0;

	if (!header_map_init(&mapped->columns, header, more, error))
		return false;
	if (map != NULL)
	{
		mapped->columns.has_file_map = true;
		mapped->binding = map_binding_new(&mapped->columns, map, error);
		return mapped->binding != NULL;
	}
	for (int i = 0; i < mapped->columns.header_count; i++)
		header_map_assign_own(&mapped->columns, i);
	return true;
}

bool
mapped_header_init(struct mapped_header *mapped, const struct record *header,
				   const struct column_needs *needs, const struct row_source_found *found,
				   struct glue_error *error)
{
	memset(mapped, 0, sizeof(*mapped));
	if (header->fields == NULL)
		return header_fault_set_unreadable(header, error);
	if (assign_roles(mapped, header, needs->map, error) &&
		header_check(&mapped->columns, header, needs, found, error))
		return true;
	mapped_header_clean_up(mapped);
	return false;
}

bool
mapped_header_bind(struct mapped_header *mapped, const struct record *header,
				   const struct file_map *map, struct glue_error *error)
{
	memset(mapped, 0, sizeof(*mapped));
	if (assign_roles(mapped, header, map, error))
		return true;
	mapped_header_clean_up(mapped);
	return false;
}

void
mapped_header_clean_up(struct mapped_header *mapped)
{
	header_map_clean_up(&mapped->columns);
	map_binding_destroy(mapped->binding);
	mapped->binding = NULL;
}
