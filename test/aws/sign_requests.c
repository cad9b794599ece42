/*-------------------------------------------------------------------------
 *
 * sign_requests.c
 *	  Sign requests: lines of make_vectors.py in, "<signed headers> <signature>"
 *	  out, one line each.
 *
 * Lines that are no request, such as the first one, are passed over.
 *
 *-------------------------------------------------------------------------
 */
#include "../unit/sign_request_json.h"

int
main(void)
{
	struct aws_signer signer;
	char *line = NULL;
	size_t size = 0;

	aws_signer_init(&signer);
	while (getline(&line, &size, stdin) > 0)
	{
		struct json_request request;
		char result[2048];

		if (!json_request_init(&request, line))
		{
			fprintf(stderr, "a line is not JSON\n");
			return 1;
		}
		if (json_text(request.json, "kind")[0] != '\0')
		{
			json_request_sign(&signer, &request, result, sizeof(result));
			puts(result);
		}
		json_request_clean_up(&request);
	}
	free(line);
	aws_signer_clean_up(&signer);
	return 0;
}
