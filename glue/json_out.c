/*-------------------------------------------------------------------------
 *
 * json_out.c
 *	  Results for programs: one JSON document on standard output.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "json_out.h"
#include "terminal.h"

/* Types of PostgreSQL that are numbers in JSON. */
#define BOOLOID		16
#define INT8OID		20
#define INT2OID		21
#define INT4OID		23
#define NUMERICOID	1700

/*
 * Print JSON text with DEL and the C1 characters (U+0080 to U+009F) escaped;
 * they can only be inside of strings.
 */
static void
print_escaped(const char *text)
{
	for (const unsigned char *next = (const unsigned char *) text; *next != '\0'; next++)
	{
		if (*next == 0x7F)
			fputs("\\u007f", stdout);
		else if (*next == 0xC2 && next[1] >= 0x80 && next[1] <= 0x9F)
			printf("\\u%04x", *++next);
		else
			putchar(*next);
	}
}

void
json_out_print(cJSON *document)
{
	char	   *text = document != NULL ? cJSON_Print(document) : NULL;

	if (text == NULL)
		terminal_note("out of memory");
	else
	{
		print_escaped(text);
		putchar('\n');
	}
	cJSON_free(text);
	cJSON_Delete(document);
}

void
json_out_error(const struct glue_error *error)
{
	cJSON	   *document = cJSON_CreateObject();
	cJSON	   *object = cJSON_AddObjectToObject(document, "error");

	cJSON_AddStringToObject(object, "class", glue_error_class_name(error->class));
	cJSON_AddStringToObject(object, "code", error->code);
	cJSON_AddStringToObject(object, "message", error->text);
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
json_add_integer(cJSON *object, const char *name, int64_t number)
{
	char		digits[TERMINAL_COUNT_SIZE];

	/* cJSON prints large doubles with an exponent. */
	snprintf(digits, sizeof(digits), "%lld", (long long) number);
	cJSON_AddRawToObject(object, name, digits);
}

cJSON *
json_of_result(const PGresult *result)
{
	cJSON	   *array = cJSON_CreateArray();

	for (int row = 0; row < PQntuples(result); row++)
	{
		cJSON	   *object = cJSON_CreateObject();

		for (int column = 0; column < PQnfields(result); column++)
		{
			const char *name = PQfname(result, column);
			const char *value = PQgetvalue(result, row, column);

			if (PQgetisnull(result, row, column))
				cJSON_AddNullToObject(object, name);
			else if (PQftype(result, column) == BOOLOID)
				cJSON_AddBoolToObject(object, name, value[0] == 't');
			else if (PQftype(result, column) == INT8OID || PQftype(result, column) == INT4OID ||
					 PQftype(result, column) == INT2OID || PQftype(result, column) == NUMERICOID)
				cJSON_AddRawToObject(object, name, value);
			else
				cJSON_AddStringToObject(object, name, value);
		}
		cJSON_AddItemToArray(array, object);
	}
	return array;
}
