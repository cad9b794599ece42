/*-------------------------------------------------------------------------
 *
 * event_source.c
 *	  Recognize the source of an event: a queue, a table's stream, a schedule,
 *	  an operator.
 *
 * An ARN is arn:partition:service:region:account:resource ("Amazon Resource
 * Names", AWS General Reference), and the URL of a queue is
 * https://sqs.region.amazonaws.com/account/name ("Amazon SQS queue and message
 * identifiers", Amazon SQS Developer Guide); other endpoints of the service
 * have other hosts, in which the region also follows the service.
 *
 *-------------------------------------------------------------------------
 */
#include "base/json_reader.h"
#include "lambda/event_source.h"

#define ACCOUNT_DIGITS 12

struct resource_name
{
	struct text_view service;
	struct text_view region; /* empty if unknown */
	struct text_view account;
	struct text_view resource;
};

bool
event_source_refuse(struct glue_error *error, const char *what)
{
	return glue_error_set(error, GLUE_USAGE_ERROR, "EVENT_INVALID", "the event %s", what);
}

/* ----- names of resources ----- */

/*
 * Remove the first part of a text and return it: up to the separator, or all.
 */
static struct text_view
take_part(struct text_view *rest, char separator)
{
	const char *found = rest->length > 0 ? memchr(rest->data, separator, rest->length) : NULL;
	struct text_view part = *rest;

	if (found == NULL)
		*rest = (struct text_view){NULL, 0};
	else
	{
		part.length = (size_t) (found - rest->data);
		*rest = (struct text_view){found + 1, rest->length - part.length - 1};
	}
	return part;
}

static bool
is_word(struct text_view text, const char *word)
{
	return text_equal(text, text_of(word));
}

static bool
read_arn(struct text_view text, struct resource_name *name)
{
	if (!is_word(take_part(&text, ':'), "arn"))
		return false;
	(void) take_part(&text, ':');
	name->service = take_part(&text, ':');
	name->region = take_part(&text, ':');
	name->account = take_part(&text, ':');
	name->resource = text;
	return name->resource.length > 0;
}

static bool
is_account(struct text_view text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	}
	return text.length == ACCOUNT_DIGITS;
}

/*
 * Return whether a label of a host is a region: us-east-1 and the like.
 */
static bool
is_region(struct text_view label)
{
	return label.length > 0 && memchr(label.data, '-', label.length) != NULL &&
		   label.data[label.length - 1] >= '0' && label.data[label.length - 1] <= '9';
}

static struct text_view
region_of_host(struct text_view host)
{
	while (host.length > 0)
	{
		struct text_view label = take_part(&host, '.');

		if (is_word(label, "sqs") || is_word(label, "sqs-fips"))
		{
			label = take_part(&host, '.');
			if (is_region(label))
				return label;
		}
	}
	return (struct text_view){NULL, 0};
}

static void
read_queue_url(const char *url, struct resource_name *name)
{
	const char *scheme_end = strstr(url, "://");
	struct text_view rest = text_of(scheme_end != NULL ? scheme_end + 3 : url);

	memset(name, 0, sizeof(*name));
	name->region = region_of_host(take_part(&rest, '/'));
	while (rest.length > 0)
	{
		name->account = name->resource;
		name->resource = take_part(&rest, '/');
	}
	if (!is_account(name->account))
		name->account.length = 0;
}

static bool
same_if_known(struct text_view part, struct text_view known)
{
	return known.length == 0 || text_equal(part, known);
}

bool
event_source_is_queue(struct text_view arn, const char *queue_url)
{
	struct resource_name named;
	struct resource_name queue;

	if (queue_url == NULL || !read_arn(arn, &named))
		return false;
	read_queue_url(queue_url, &queue);
	return is_word(named.service, "sqs") && text_equal(named.resource, queue.resource) &&
		   same_if_known(named.account, queue.account) && same_if_known(named.region, queue.region);
}

bool
event_source_is_stream(struct text_view arn, const char *table)
{
	struct resource_name name;

	return read_arn(arn, &name) && is_word(name.service, "dynamodb") &&
		   is_word(take_part(&name.resource, '/'), "table") &&
		   is_word(take_part(&name.resource, '/'), table) &&
		   is_word(take_part(&name.resource, '/'), "stream");
}

/* ----- events without data ----- */

/*
 * Top-level members of the events that services send to functions.
 */
static const char *const service_members[] = {
	"Records",          /* S3, SQS, SNS, DynamoDB, Kinesis, SES */
	"records",          /* Kafka, Firehose */
	"eventSource",      /* Kafka, MQ, DocumentDB */
	"source",           /* EventBridge, CloudWatch alarms */
	"requestContext",   /* function URLs, API Gateway, load balancers */
	"methodArn",        /* authorizers of API Gateway */
	"awslogs",          /* CloudWatch Logs */
	"triggerSource",    /* Cognito */
	"SecretId",         /* Secrets Manager */
	"CodePipeline.job", /* CodePipeline */
	"RequestType",      /* CloudFormation */
	"invokingEvent",    /* Config */
	"sessionState",     /* Lex */
	"invocationId",     /* S3 Batch Operations */
	"getObjectContext", /* S3 Object Lambda */
	"Type",             /* SNS, as sent to other subscribers */
	"Event",            /* the test event of S3 */
	NULL,
};

static bool
is_service_member(struct text_view name)
{
	for (const char *const *member = service_members; *member != NULL; member++)
	{
		if (is_word(name, *member))
			return true;
	}
	return false;
}

/*
 * Sources: "Creating a rule that runs on a schedule", Amazon EventBridge User
 * Guide; EventBridge Scheduler sends the same if no input is configured.
 */
static bool
is_schedule(struct text_view event)
{
	struct text_view source = json_find_text(event, "source");

	return (is_word(source, "aws.events") || is_word(source, "aws.scheduler")) &&
		   is_word(json_find_text(event, "detail-type"), "Scheduled Event");
}

enum event_origin
event_source_origin(struct text_view event)
{
	enum event_origin origin = EVENT_EMPTY;
	struct json_reader reader;
	struct text_view name;

	json_reader_init(&reader, event.data, event.length);
	if (!json_read_open(&reader, '{'))
		return EVENT_OF_SERVICE;
	while (json_read_name(&reader, &name))
	{
		if (is_service_member(name))
			return is_schedule(event) ? EVENT_OF_SCHEDULE : EVENT_OF_SERVICE;
		origin = EVENT_OF_OPERATOR;
		json_read_value(&reader);
	}
	return json_reader_end(&reader) ? origin : EVENT_OF_SERVICE;
}
