/*-------------------------------------------------------------------------
 *
 * map_binding.c
 *	  Binds a vendor's map to the header of a file.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "reader/header_check.h"
#include "reader/map_binding.h"
#include "shared/heading.h"

/* "column_" with any number, and its NUL. */
#define NUMBERED_KEY_SIZE 19

#define NOT_FOUND (-1)

/* A binding that is being made. */
struct binder
{
	const struct file_map *map;
	struct header_map *columns;
	struct map_binding *binding;
	bool *is_used;   /* of each field of the file: the map names it */
	bool *is_set;    /* it has its role */
	bool *is_filled; /* its blank cells are filled from above */
	bool is_fix_file;
	struct glue_error *error;
};

/* ----- finding headings ----- */

/*
 * Find a heading in the file; *index is NOT_FOUND if it has none.  The columns of a
 * fix file are not the vendor's.  Returns false if the file has it twice.
 */
static bool
find_heading(struct binder *binder, struct text_view heading, int *index)
{
	const struct header_map *columns = binder->columns;

	*index = NOT_FOUND;
	for (int i = 0; i < columns->header_count; i++)
	{
		const struct mapped_field *field = &columns->fields[i];

		if (!heading_same(heading, field->heading) || heading_is_added(field->heading))
			continue;
		if (*index != NOT_FOUND)
			return header_check_twice(columns, &columns->fields[*index], field, binder->error);
		*index = i;
	}
	if (*index != NOT_FOUND)
		binder->is_used[*index] = true;
	return true;
}

/* Find the first of several headings that the file has. */
static bool
find_first(struct binder *binder, const struct text_view *headings, int count, int *index)
{
	*index = NOT_FOUND;
	for (int i = 0; i < count && *index == NOT_FOUND; i++)
	{
		if (!find_heading(binder, headings[i], index))
			return false;
	}
	return true;
}

/* ----- values ----- */

static enum field_role
role_of(const struct map_use *use)
{
	switch (use->kind)
	{
		case MAP_STATEMENT_COLUMN:
			return FIELD_COLUMN;
		case MAP_STATEMENT_ACTION:
			return FIELD_ACTION;
		default:
			return FIELD_ATTRIBUTE;
	}
}

/* Return the name of what a statement makes. */
static struct text_view
name_of(const struct map_use *use)
{
	switch (use->kind)
	{
		case MAP_STATEMENT_COLUMN:
			return text_of(onboard_columns[use->column].name);
		case MAP_STATEMENT_ACTION:
			return text_of(ONBOARD_ACTION_COLUMN);
		default:
			return use->name;
	}
}

/* Assign a field the role that a statement gives it. */
static void
assign(struct binder *binder, int index, const struct map_use *use)
{
	struct mapped_field *field = &binder->columns->fields[index];

	header_map_assign(binder->columns, index, role_of(use), use->column, name_of(use));
	field->is_converted = !use->is_safe;
}

/* Add a field after those of the file; a suggestion for it has no cell. */
static int
add_field(struct binder *binder, const struct map_use *use, struct text_view heading)
{
	int index = binder->columns->field_count++;

	binder->columns->fields[index].heading = heading;
	assign(binder, index, use);
	binder->columns->fields[index].is_converted = true;
	return index;
}

/* Return the index of the fill of a field, or NOT_FOUND. */
static int
fill_of(const struct map_binding *binding, int source)
{
	for (int i = 0; i < binding->fill_count; i++)
	{
		if (binding->fills[i].source == source)
			return i;
	}
	return NOT_FOUND;
}

/* Find the columns that tell groups apart; those that the file lacks are left out. */
static bool
bind_groups(struct binder *binder, const struct transform_step *step, struct bound_fill *fill)
{
	for (int i = 0; i < step->argument_count; i++)
	{
		int index;

		if (!find_heading(binder, step->arguments[i], &index))
			return false;
		if (index != NOT_FOUND)
			fill->groups[fill->group_count++] = index;
	}
	return true;
}

/*
 * Remember that the blank cells of a field are filled; the first statement counts.
 * Without any of the columns that tell groups apart, nothing is filled; nor in a fix
 * file, whose cells are filled already and which lacks the rows above.
 */
static bool
bind_fill(struct binder *binder, const struct transform_step *step, int source, bool is_for_skip)
{
	struct map_binding *binding = binder->binding;
	struct bound_fill *fill = &binding->fills[binding->fill_count];

	binder->is_filled[source] |= !is_for_skip;
	if (binder->is_fix_file || fill_of(binding, source) != NOT_FOUND)
		return true;
	*fill = (struct bound_fill){.source = source, .is_for_skip = is_for_skip};
	if (!bind_groups(binder, step, fill))
		return false;
	binding->fill_count += step->argument_count == 0 || fill->group_count > 0;
	return true;
}

/* Find the cells that a join appends; those that the file lacks are left out. */
static bool
bind_join(struct binder *binder, const struct transform_step *step, struct bound_use *bound)
{
	bound->sign = step->arguments[0];
	bound->joined = glue_allocate(sizeof(int) * (size_t) step->argument_count);
	if (bound->joined == NULL)
		return glue_error_memory(binder->error);
	for (int i = 1; i < step->argument_count; i++)
	{
		int index;

		if (!find_heading(binder, step->arguments[i], &index))
			return false;
		if (index != NOT_FOUND)
			bound->joined[bound->joined_count++] = index;
	}
	return true;
}

/* Bind the steps that read other cells than the value's own. */
static bool
bind_steps(struct binder *binder, const struct map_use *use, struct bound_use *bound)
{
	for (int i = 0; i < use->step_count; i++)
	{
		const struct transform_step *step = &use->steps[i];

		if (step->transformation == TRANSFORMATION_FILL_DOWN &&
			!bind_fill(binder, step, bound->source, false))
			return false;
		if (step->transformation == TRANSFORMATION_JOIN && !bind_join(binder, step, bound))
			return false;
	}
	return true;
}

/* Bind a statement whose heading the file has. */
static bool
bind_source(struct binder *binder, const struct map_use *use, int source)
{
	struct map_binding *binding = binder->binding;
	struct bound_use *bound = &binding->uses[binding->use_count++];

	*bound = (struct bound_use){.field = source, .source = source, .use = use};
	if (!binder->is_set[source])
		assign(binder, source, use);
	else
		bound->field = add_field(binder, use, binder->columns->fields[source].heading);
	binder->is_set[source] = true;
	return bind_steps(binder, use, bound);
}

static void
bind_constant(struct binder *binder, const struct map_use *use)
{
	struct map_binding *binding = binder->binding;
	int field = add_field(binder, use, name_of(use));

	binding->constants[binding->constant_count++] = (struct bound_constant){field, use->constant};
}

static bool
bind_use(struct binder *binder, const struct map_use *use)
{
	int source;

	if (use->constant.data != NULL)
	{
		bind_constant(binder, use);
		return true;
	}
	return find_first(binder, use->headings, use->heading_count, &source) &&
		   (source == NOT_FOUND || bind_source(binder, use, source));
}

/* ----- rows that are left out ----- */

/* A skip whose columns the file lacks skips no row. */
static bool
bind_skip(struct binder *binder, const struct map_skip *skip)
{
	struct map_binding *binding = binder->binding;
	struct bound_skip *bound = &binding->skips[binding->skip_count];

	*bound = (struct bound_skip){.value = skip->value, .is_not = skip->is_not, .fill = NOT_FOUND};
	if (!find_first(binder, skip->headings, skip->heading_count, &bound->source))
		return false;
	if (bound->source == NOT_FOUND)
		return true;
	/* Rows of a fix file were not skipped before, and their cells are filled already. */
	if (binder->is_fix_file && binder->is_filled[bound->source])
		return true;
	bound->spares_blank = skip->fill != NULL && binder->is_fix_file;
	if (skip->fill != NULL)
	{
		if (!bind_fill(binder, skip->fill, bound->source, true))
			return false;
		bound->fill = fill_of(binding, bound->source);
	}
	binding->skip_count++;
	return true;
}

/* ----- the other columns of the file ----- */

static bool
is_ignored(const struct file_map *map, struct text_view heading)
{
	for (int i = 0; i < map->ignored_count; i++)
	{
		if (heading_same(heading, map->ignored[i]))
			return true;
	}
	return false;
}

/* Return whether the field has the name of an attribute that the map makes. */
static bool
has_name_of_attribute(const struct header_map *columns, const struct mapped_field *field)
{
	for (int i = 0; i < columns->field_count; i++)
	{
		const struct mapped_field *other = &columns->fields[i];

		if (other->role == FIELD_ATTRIBUTE && other->name.data != NULL && other != field &&
			text_compare_folded(field->heading, other->name) == 0)
			return true;
	}
	return false;
}

/* Return whether a field that no statement uses is left out. */
static bool
is_left_out(const struct binder *binder, int index)
{
	const struct mapped_field *field = &binder->columns->fields[index];
	const struct file_map *map = binder->map;
	enum onboard_column column = heading_column(field->heading);

	if (heading_is_ours(field->heading))
		return heading_matches(field->heading, ONBOARD_ACTION_COLUMN) &&
			   file_map_use(map, COLUMN_NONE) != NULL;
	if (is_ignored(map, field->heading))
		return true;
	/* Rows may also be skipped, filled and joined by a column that has its own name. */
	if (column != COLUMN_NONE)
		return file_map_use(map, column) != NULL;
	return binder->is_used[index] || map->ignores_others ||
		   has_name_of_attribute(binder->columns, field);
}

/* Assign the other fields their roles: first those left out, whose names are then free. */
static void
bind_others(struct binder *binder)
{
	struct header_map *columns = binder->columns;
	struct map_binding *binding = binder->binding;

	for (int i = 0; i < columns->header_count; i++)
	{
		if (binder->is_set[i] || !is_left_out(binder, i))
			continue;
		header_map_assign(columns, i, FIELD_UNUSED, COLUMN_NONE, columns->fields[i].heading);
		columns->fields[i].key = (struct text_view){NULL, 0};
		binding->unused[binding->unused_count++] = i;
		binder->is_set[i] = true;
	}
	for (int i = 0; i < columns->header_count; i++)
	{
		if (!binder->is_set[i])
			header_map_assign_own(columns, i);
	}
}

/*
 * Return whether a field has this key.  The names of our columns are reserved: a
 * cell that is left out must not be taken for theirs, even if no field is that column.
 */
static bool
is_key(const struct header_map *columns, struct text_view key)
{
	if (column_by_name(key) != COLUMN_NONE)
		return true;
	for (int i = 0; i < columns->field_count; i++)
	{
		if (columns->fields[i].key.data != NULL && text_equal(columns->fields[i].key, key))
			return true;
	}
	return false;
}

/* Write the name of a numbered column that is not a key yet: that of its place, or a higher one. */
static struct text_view
numbered_key(const struct header_map *columns, int index, char key[NUMBERED_KEY_SIZE])
{
	struct text_view text = {key, 0};
	int number = index + 1;

	text.length = (size_t) snprintf(key, NUMBERED_KEY_SIZE, "column_%d", number);
	for (number = columns->header_count + 1; is_key(columns, text); number++)
		text.length = (size_t) snprintf(key, NUMBERED_KEY_SIZE, "column_%d", number);
	return text;
}

/* Give the fields that are left out the names under which their cells are kept. */
static void
assign_keys(struct binder *binder)
{
	const struct map_binding *binding = binder->binding;
	char *next = binding->keys;

	for (int i = 0; i < binding->unused_count; i++)
	{
		struct mapped_field *field = &binder->columns->fields[binding->unused[i]];

		if (!is_key(binder->columns, field->heading))
		{
			field->key = field->heading;
			continue;
		}
		field->key = numbered_key(binder->columns, binding->unused[i], next);
		next += NUMBERED_KEY_SIZE;
	}
}

/* ----- the whole ----- */

int
map_binding_fields(const struct file_map *map)
{
	return map->use_count;
}

static bool
make_room(struct binder *binder)
{
	struct map_binding *binding = binder->binding;
	size_t header = (size_t) binder->columns->header_count;
	size_t uses = (size_t) binder->map->use_count + 1;
	size_t skips = (size_t) binder->map->skip_count + 1;

	binding->uses = glue_allocate_zero(sizeof(*binding->uses) * uses);
	binding->constants = glue_allocate(sizeof(*binding->constants) * uses);
	binding->fills = glue_allocate(sizeof(*binding->fills) * (uses + skips));
	binding->skips = glue_allocate(sizeof(*binding->skips) * skips);
	binding->unused = glue_allocate(sizeof(*binding->unused) * header);
	binding->keys = glue_allocate(NUMBERED_KEY_SIZE * header);
	binder->is_used = glue_allocate_zero(sizeof(bool) * header);
	binder->is_set = glue_allocate_zero(sizeof(bool) * header);
	binder->is_filled = glue_allocate_zero(sizeof(bool) * header);
	return (binding->uses != NULL && binding->constants != NULL && binding->fills != NULL &&
			binding->skips != NULL && binding->unused != NULL && binding->keys != NULL &&
			binder->is_used != NULL && binder->is_set != NULL && binder->is_filled != NULL) ||
		   glue_error_memory(binder->error);
}

static bool
bind_map(struct binder *binder)
{
	const struct file_map *map = binder->map;

	for (int i = 0; i < map->use_count; i++)
	{
		if (!bind_use(binder, &map->uses[i]))
			return false;
	}
	for (int i = 0; i < map->skip_count; i++)
	{
		if (!bind_skip(binder, &map->skips[i]))
			return false;
	}
	bind_others(binder);
	assign_keys(binder);
	return true;
}

struct map_binding *
map_binding_new(struct header_map *columns, const struct file_map *map, struct glue_error *error)
{
	struct binder binder = {.map = map,
							.columns = columns,
							.is_fix_file = header_map_is_fix_file(columns),
							.error = error};
	bool done;

	binder.binding = glue_allocate_zero(sizeof(*binder.binding));
	if (binder.binding == NULL)
	{
		glue_error_memory(error);
		return NULL;
	}
	done = make_room(&binder) && bind_map(&binder);
	glue_release(binder.is_used);
	glue_release(binder.is_set);
	glue_release(binder.is_filled);
	if (done)
		return binder.binding;
	map_binding_destroy(binder.binding);
	return NULL;
}

void
map_binding_destroy(struct map_binding *binding)
{
	if (binding == NULL)
		return;
	for (int i = 0; i < binding->use_count; i++)
		glue_release(binding->uses[i].joined);
	glue_release(binding->uses);
	glue_release(binding->constants);
	glue_release(binding->fills);
	glue_release(binding->skips);
	glue_release(binding->unused);
	glue_release(binding->keys);
	glue_release(binding);
}
