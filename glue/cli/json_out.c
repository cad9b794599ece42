/*-------------------------------------------------------------------------
 *
 * json_out.c
 *	  Print results for programs: one JSON document on standard output.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "base/utf8.h"
#include "cli/json_out.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "cli/timestamp.h"
#include "shared/text.h"

/* PostgreSQL types that are not text in JSON. */
#define BOOLOID 16
#define INT8OID 20
#define INT2OID 21
#define INT4OID 23
#define TIMESTAMPTZOID 1184
#define NUMERICOID 1700
#define JSONBOID 3802

/*
 * Print JSON text.  Escapes DEL and the C1 characters (U+0080 to U+009F) and
 * replaces bytes that are not UTF-8, which an argument can contain.  All of
 * these occur only inside strings.
 */
static void
print_escaped(const char *text)
{
	const unsigned char *next = (const unsigned char *) text;
	const unsigned char *end = next + strlen(text);

	while (next < end)
	{
		size_t size;
		bool complete = utf8_look(next, end - next, &size) == UTF8_COMPLETE;

		if (!complete)
			fputs("\xEF\xBF\xBD", stdout);
		else if (*next == 0x7F)
			fputs("\\u007f", stdout);
		else if (*next == 0xC2 && next[1] <= 0x9F)
			printf("\\u%04x", next[1]);
		else
			fwrite(next, 1, size, stdout);
		next += size;
	}
}

/* What comes before the next document of a list; NULL outside one. */
static const char *separator;

void
json_out_begin_list(void)
{
	separator = "[\n";
}

void
json_out_end_list(void)
{
	/* An empty list has not printed its beginning. */
	fputs(strcmp(separator, "[\n") == 0 ? "[]\n" : "]\n", stdout);
	separator = NULL;
}

void
json_out_print(cJSON *document)
{
	char *text = document != NULL ? cJSON_Print(document) : NULL;

	if (text == NULL)
		message_note("out of memory");
	else
	{
		if (separator != NULL)
		{
			fputs(separator, stdout);
			separator = ",\n";
		}
		print_escaped(text);
		putchar('\n');
	}
	cJSON_free(text);
	cJSON_Delete(document);
}

void
json_add_error(cJSON *object, const struct glue_error *error, int exit_code)
{
	cJSON *member = cJSON_AddObjectToObject(object, "error");

	cJSON_AddStringToObject(member, "class", glue_error_class_name(error->class));
	cJSON_AddStringToObject(member, "code", error->code);
	cJSON_AddNumberToObject(member, "exit_code", exit_code);
	cJSON_AddStringToObject(member, "message", error->text);
	json_add_text(member, "hint", error->hint[0] != '\0' ? error->hint : NULL);
	json_add_text(member, "sqlstate", glue_error_sqlstate(error));
}

void
json_out_error(const struct glue_error *error, int exit_code)
{
	cJSON *document = cJSON_CreateObject();

	if (separator != NULL)
		json_add_text(document, "file_name", message_subject());
	json_add_error(document, error, exit_code);
	json_out_print(document);
}

void
json_add_text(cJSON *object, const char *name, const char *text)
{
	if (text != NULL)
		cJSON_AddStringToObject(object, name, text);
	else
		cJSON_AddNullToObject(object, name);
}

void
json_add_view(cJSON *object, const char *name, struct text_view text)
{
	cJSON_AddItemToObject(object, name, json_text(text));
}

void
json_add_time(cJSON *object, const char *name, const char *text)
{
	char moment[TIMESTAMP_SIZE];
	bool known = text != NULL && timestamp_rfc3339(text, moment);

	json_add_text(object, name, known ? moment : NULL);
}

void
json_add_integer(cJSON *object, const char *name, int64_t number)
{
	char digits[INTEGER_TEXT_SIZE];

	/* cJSON prints large doubles with an exponent. */
	cJSON_AddRawToObject(object, name, integer_text(digits, number));
}

/*
 * Add a value under the name of its column.
 */
static void
add_value(cJSON *object, const PGresult *result, int row, int column)
{
	const char *name = PQfname(result, column);
	const char *value = PQgetvalue(result, row, column);

	if (PQgetisnull(result, row, column))
	{
		cJSON_AddNullToObject(object, name);
		return;
	}
	switch (PQftype(result, column))
	{
		case BOOLOID:
			cJSON_AddBoolToObject(object, name, value[0] == 't');
			break;
		case INT8OID:
		case INT4OID:
		case INT2OID:
		case NUMERICOID:
		case JSONBOID:
			cJSON_AddRawToObject(object, name, value);
			break;
		case TIMESTAMPTZOID:
			json_add_time(object, name, value);
			break;
		default:
			cJSON_AddStringToObject(object, name, value);
	}
}

cJSON *
json_of_result(const PGresult *result)
{
	cJSON *array = cJSON_CreateArray();

	for (int row = 0; row < PQntuples(result); row++)
	{
		cJSON *object = cJSON_CreateObject();

		for (int column = 0; column < PQnfields(result); column++)
			add_value(object, result, row, column);
		cJSON_AddItemToArray(array, object);
	}
	return array;
}
