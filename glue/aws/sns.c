/*-------------------------------------------------------------------------
 *
 * sns.c
 *	  Amazon SNS: publish a message.
 *
 * SNS uses the query protocol: the request is a form, the reply is XML.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "aws/sns.h"

void
sns_subject(const char *text, char subject[SNS_SUBJECT_SIZE])
{
	size_t used = 0;

	for (; *text != '\0' && used < SNS_SUBJECT_SIZE - 1; text++)
	{
		unsigned char byte = (unsigned char) *text;

		if ((byte & 0xC0) == 0x80)
			continue; /* a continuation byte */
		if (byte < 0x20 || byte == 0x7F)
			byte = ' ';
		if (byte == ' ' && used == 0)
			continue;
		subject[used++] = byte < 0x80 ? (char) byte : '?';
	}
	while (used > 0 && subject[used - 1] == ' ')
		used--;
	subject[used] = '\0';
}

/*
 * Append &name=value, with value encoded.
 */
static bool
append_field(struct byte_buffer *body, const char *name, struct text_view value,
			 struct glue_error *error)
{
	if (!byte_buffer_append_string(body, body->used > 0 ? "&" : "", error) ||
		!byte_buffer_append_string(body, name, error) ||
		!byte_buffer_append_string(body, "=", error) ||
		!byte_buffer_reserve(body, 3 * value.length + 1, error))
		return false;
	body->used += aws_uri_encode(body->data + body->used, value.data, value.length, false);
	return true;
}

static bool
append_attribute(struct byte_buffer *body, int number, const struct aws_pair *attribute,
				 struct glue_error *error)
{
	char name[64];

	snprintf(name, sizeof(name), "MessageAttributes.entry.%d.Name", number);
	if (!append_field(body, name, text_of(attribute->name), error))
		return false;
	snprintf(name, sizeof(name), "MessageAttributes.entry.%d.Value.DataType", number);
	if (!append_field(body, name, text_of("String"), error))
		return false;
	snprintf(name, sizeof(name), "MessageAttributes.entry.%d.Value.StringValue", number);
	return append_field(body, name, text_of(attribute->value), error);
}

static bool
fill_form(struct byte_buffer *body, const struct sns_message *message, struct glue_error *error)
{
	char subject[SNS_SUBJECT_SIZE];

	sns_subject(message->subject != NULL ? message->subject : "", subject);
	if (!append_field(body, "Action", text_of("Publish"), error) ||
		!append_field(body, "Version", text_of("2010-03-31"), error) ||
		!append_field(body, "TopicArn", text_of(message->topic_arn), error) ||
		(subject[0] != '\0' && !append_field(body, "Subject", text_of(subject), error)) ||
		!append_field(body, "Message", message->text, error))
		return false;
	for (int i = 0; i < message->attribute_count; i++)
	{
		if (!append_attribute(body, i + 1, &message->attributes[i], error))
			return false;
	}
	return true;
}

/*
 * Copy the text of <MessageId>; "" if there is none.
 */
static void
copy_message_id(const char *document, char message_id[SNS_MESSAGE_ID_SIZE])
{
	static const char tag[] = "<MessageId>";
	const char *start = strstr(document, tag);
	size_t length = start != NULL ? strcspn(start + strlen(tag), "<") : 0;

	message_id[0] = '\0';
	if (length == 0 || length >= SNS_MESSAGE_ID_SIZE)
		return;
	memcpy(message_id, start + strlen(tag), length);
	message_id[length] = '\0';
}

bool
sns_publish(struct aws_client *client, const struct sns_message *message,
			char message_id[SNS_MESSAGE_ID_SIZE], struct glue_error *error)
{
	struct aws_call call = {0};
	bool success;

	aws_call_begin(&call, AWS_SNS, "Publish", "POST", "/", message->deadline);
	aws_call_header(&call, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
	/* Otherwise libcurl would silently resend it if a reused connection broke. */
	call.fresh_connection = true;
	success = fill_form(&call.body, message, error) && aws_perform(client, &call, error);
	if (success && message_id != NULL)
		copy_message_id(call.exchange.response.body.data, message_id);
	aws_call_clean_up(&call);
	return success;
}
