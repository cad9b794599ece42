/*-------------------------------------------------------------------------
 *
 * sign_request_json.h
 *	  Reads a request to sign from one line of ../aws/make_vectors.py.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ONBOARD_SIGN_REQUEST_JSON_H
#define ONBOARD_SIGN_REQUEST_JSON_H

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sigv4.h"

#define MOST_PAIRS 64

/* Owns json, which everything else points into. */
struct json_request
{
	cJSON *json;
	bool presigned;
	const char *scheme;
	int64_t expiry;
	const char *body;
	struct aws_credentials credentials;
	struct aws_sign_request request;
	struct aws_pair query[MOST_PAIRS];
	struct aws_pair headers[MOST_PAIRS];
	char payload_hash[AWS_HASH_SIZE];
};

/* Return a member; one that is missing is empty. */
static inline const char *
json_text(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text != NULL ? text : "";
}

static inline int64_t
json_integer(const cJSON *object, const char *name)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);

	return number != NULL ? (int64_t) number->valuedouble : 0;
}

static inline size_t
json_pairs(const cJSON *object, const char *name, struct aws_pair pairs[MOST_PAIRS])
{
	const cJSON *pair;
	size_t count = 0;

	cJSON_ArrayForEach(pair, cJSON_GetObjectItemCaseSensitive(object, name))
	{
		if (count == MOST_PAIRS)
			break;
		pairs[count].name = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
		pairs[count].value = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1));
		count++;
	}
	return count;
}

/* Returns false if the line is not JSON or its body cannot be hashed. */
static inline bool
json_request_init(struct json_request *result, const char *line)
{
	struct aws_sign_request *request = &result->request;
	struct aws_credentials *credentials = &result->credentials;

	memset(result, 0, sizeof(*result));
	result->json = cJSON_Parse(line);
	if (result->json == NULL)
		return false;
	result->presigned = strcmp(json_text(result->json, "kind"), "presigned") == 0;
	result->scheme = json_text(result->json, "scheme");
	result->expiry = json_integer(result->json, "expiry");
	result->body = json_text(result->json, "body");

	request->method = json_text(result->json, "method");
	request->host = json_text(result->json, "host");
	request->path = json_text(result->json, "path");
	request->region = json_text(result->json, "region");
	request->service = json_text(result->json, "service");
	request->time = json_integer(result->json, "time");
	request->query = result->query;
	request->query_count = json_pairs(result->json, "query", result->query);
	request->headers = result->headers;
	request->header_count = json_pairs(result->json, "headers", result->headers);
	request->normalise_path = strcmp(request->service, "s3") != 0;
	request->payload_hash = result->payload_hash;
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(result->json, "unsigned")))
		request->payload_hash = AWS_UNSIGNED_PAYLOAD;
	else if (!aws_payload_hash(result->body, strlen(result->body), result->payload_hash, NULL))
		return false;

	snprintf(credentials->access_key_id, sizeof(credentials->access_key_id), "%s",
			 json_text(result->json, "access_key_id"));
	snprintf(credentials->secret_access_key, sizeof(credentials->secret_access_key), "%s",
			 json_text(result->json, "secret"));
	snprintf(credentials->session_token, sizeof(credentials->session_token), "%s",
			 json_text(result->json, "token"));
	return true;
}

static inline void
json_request_clean_up(struct json_request *request)
{
	cJSON_Delete(request->json);
	aws_credentials_wipe(&request->credentials);
}

/*
 * Sign the request according to its kind, and write "<signed headers>
 * <signature>", or the error code.
 */
static inline void
json_request_sign(struct aws_signer *signer, const struct json_request *request, char *result,
				  size_t size)
{
	struct glue_error error = {0};
	struct aws_signature signature = {0};
	char *url = NULL;
	const char *headers = "SignedHeaders=";
	const char *end = "Signature=";
	const char *text;
	bool done;

	if (request->presigned)
		done = aws_presign_url(signer, &request->credentials, &request->request, request->scheme,
							   request->expiry, &url, &error);
	else
		done =
			aws_sign_headers(signer, &request->credentials, &request->request, &signature, &error);
	text = request->presigned ? url : done ? signature.headers[0].value : NULL;
	if (!done)
		snprintf(result, size, "%s", error.code);
	else
	{
		const char *list = strstr(text, headers) + strlen(headers);
		size_t used = 0;

		/* Semicolons are encoded in a URL. */
		while (*list != ',' && *list != '&' && used + 1 < size)
		{
			if (strncmp(list, "%3B", 3) == 0)
			{
				result[used++] = ';';
				list += 3;
			}
			else
				result[used++] = *list++;
		}
		snprintf(result + used, size - used, " %s", strstr(list, end) + strlen(end));
	}
	aws_url_destroy(url);
	aws_signature_clean_up(&signature);
}

#endif /* ONBOARD_SIGN_REQUEST_JSON_H */
