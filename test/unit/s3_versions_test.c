/*-------------------------------------------------------------------------
 *
 * s3_versions_test.c
 *	  Lists of versions: what is read and decoded, and that a list truncated
 *	  anywhere is refused.
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include "aws/s3_versions.h"

#define HEAD                                                                            \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                      \
	"<ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"            \
	"<Name>bucket</Name><Prefix>uploads%2F</Prefix><KeyMarker/><MaxKeys>1000</MaxKeys>" \
	"<EncodingType>url</EncodingType>"
#define VERSION(key, id, latest)                                                           \
	"<Version><Key>" key "</Key><VersionId>" id "</VersionId><IsLatest>" latest            \
	"</IsLatest><LastModified>2026-01-04T09:00:00.000Z</LastModified>"                     \
	"<ETag>&quot;d41d8cd9&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass>" \
	"<Owner><ID>7&#x65;</ID><DisplayName>a &amp; b</DisplayName></Owner></Version>"
#define MARKER                                                                                 \
	"<DeleteMarker><Key>uploads/V/gone</Key><VersionId>x</VersionId><IsLatest>true</IsLatest>" \
	"<LastModified>2026-01-04T09:00:00.000Z</LastModified></DeleteMarker>"
#define LAST "<IsTruncated>false</IsTruncated>"
#define TAIL "</ListVersionsResult>"

static bool
read_list(struct s3_version_page *page, const char *text, size_t length)
{
	struct glue_error error;

	glue_error_clear(&error);
	page->text.used = 0;
	if (!byte_buffer_append(&page->text, text, length, &error))
		return false;
	if (s3_read_versions(page, &error))
		return true;
	is_text(error.code, "AWS_BAD_REPLY", "the code of a broken list");
	return false;
}

static void
test_list(void)
{
	static const char text[] = HEAD LAST VERSION("uploads/V/a+b%2B%C3%A9.csv", "id.1", "true")
		MARKER VERSION("uploads/V/a+b%2B%C3%A9.csv", "null", "false") TAIL "\n";
	struct s3_version_page page = {0};

	ok(read_list(&page, text, strlen(text)), "a list is read");
	is_int(page.count, 2, "versions");
	ok(page.is_last, "nothing follows");
	is_text(page.versions[0].key, "uploads/V/a b+\xc3\xa9.csv", "decoded key");
	is_text(page.versions[0].version_id, "id.1", "version");
	is_text(page.versions[0].etag, "\"d41d8cd9\"", "ETag");
	is_text(page.versions[0].written_at, "2026-01-04T09:00:00.000Z", "time");
	ok(page.versions[0].is_latest && !page.versions[1].is_latest, "which is the latest");
	is_text(page.versions[1].version_id, "null", "without versioning");
	s3_version_page_clean_up(&page);
}

static void
test_truncated(void)
{
	static const char text[] =
		HEAD "<IsTruncated>true</IsTruncated><NextKeyMarker>uploads/a%26b</NextKeyMarker>"
			 "<NextVersionIdMarker>id.2</NextVersionIdMarker>" TAIL;
	struct s3_version_page page = {0};

	ok(read_list(&page, text, strlen(text)), "a page is read");
	is_int(page.count, 0, "without versions");
	ok(!page.is_last, "more follow");
	is_text(page.next.key, "uploads/a&b", "next key");
	is_text(page.next.version_id, "id.2", "next version");
	s3_version_page_clean_up(&page);
}

static void
test_broken(void)
{
	static const char good[] = HEAD LAST VERSION("uploads/V/a", "1", "true") MARKER TAIL;
	static const char *const broken[] = {
		"",
		"no list",
		"<Error><Code>AccessDenied</Code></Error>",
		HEAD TAIL,
		HEAD "<IsTruncated>perhaps</IsTruncated>" TAIL,
		HEAD "<IsTruncated>true</IsTruncated>" TAIL,
		HEAD LAST "<Version></Version>" TAIL,
		HEAD LAST VERSION("", "1", "true") TAIL,
		HEAD LAST VERSION("uploads/%00", "1", "true") TAIL,
		HEAD LAST VERSION("uploads/%F", "1", "true") TAIL,
		HEAD LAST VERSION("uploads/%FF", "1", "true") TAIL,
		HEAD LAST VERSION("a&b;", "1", "true") TAIL,
		HEAD LAST VERSION("a&", "1", "true") TAIL,
		HEAD LAST "<!-- no -->" TAIL,
		HEAD LAST "<a><b></a></b>" TAIL,
		HEAD LAST "<a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a>" TAIL,
		HEAD LAST TAIL "<more>",
	};
	struct s3_version_page page = {0};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		ok(!read_list(&page, broken[i], strlen(broken[i])), "broken list %zu", i);
	for (size_t length = 0; length < strlen(good); length++)
	{
		if (read_list(&page, good, length))
			ok(false, "a list cut after %zu bytes is refused", length);
	}
	ok(read_list(&page, good, strlen(good)), "the whole list is read");
	s3_version_page_clean_up(&page);
}

static void
test_too_many(void)
{
	struct s3_version_page page = {0};
	struct byte_buffer text = {0};

	byte_buffer_append_string(&text, HEAD LAST, NULL);
	for (int i = 0; i < S3_VERSIONS_PAGE; i++)
		byte_buffer_append_string(&text, VERSION("uploads/V/a", "1", "false"), NULL);
	byte_buffer_append_string(&text, TAIL, NULL);
	ok(read_list(&page, text.data, text.used), "a full page");
	is_int(page.count, S3_VERSIONS_PAGE, "of all versions");
	text.used -= strlen(TAIL);
	byte_buffer_append_string(&text, VERSION("uploads/V/a", "1", "false") TAIL, NULL);
	ok(!read_list(&page, text.data, text.used), "S3 never returns more");
	byte_buffer_clean_up(&text);
	s3_version_page_clean_up(&page);
}

int
main(void)
{
	test_list();
	test_truncated();
	test_broken();
	test_too_many();
	return unit_done();
}
