# The caps apply to JSON before it uses memory: 1e131071 is eight characters but
# a number of 131,072 digits.  A row over the caps is MALFORMED_ROW and kept in
# part, the other rows of the call are judged, and the vendor is told the key.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OnboardTest;

my $node = new_server('caps');

add_database($node, 'caps', 'V1');
$node->safe_psql('caps', "CREATE ROLE vendor LOGIN; SELECT onboard_grant_vendor('vendor', 'V1')");

sub query { return $node->safe_psql('caps', $_[0]) }

# A product with additional keys; "good" is one that would load.
sub product
{
	my ($sku, @pairs) = @_;

	return '{' . join(', ', "\"vendor_product_id\": \"$sku\", \"product_name\": \"n\", \"category\": \"Books\", "
		. "\"sku\": \"$sku\", \"price\": 1, \"stock_quantity\": 1", @pairs) . '}';
}

sub record
{
	my ($row, $product) = @_;

	return "{\"row_number\": $row, \"line_number\": " . ($row + 1) . ", \"product\": $product}";
}

sub keys_with { my ($count, $value) = @_; return map { "\"a$_\": $value" } 1 .. $count }

sub nested { my ($depth) = @_; return '[' x $depth . ']' x $depth }

# Return the type and message of each finding about one product.
sub validate
{
	my ($product) = @_;

	return $node->safe_psql('caps', "SET ROLE vendor; SELECT error_type || ': ' || error_message
		FROM onboard_validate('V1', '$product')");
}

# ----- memory -----

my %bombs = (
	'huge numbers' => product('B', keys_with(2500, '1e131071')),
	'huge negative numbers' => product('B', keys_with(2000, '-1e131071')),
	'numbers of many decimals' => product('B', keys_with(2000, '1e-16383')),
	'numbers at the cap' => product('B', keys_with(2000, '1e65535')),
	'huge numbers in our own columns' => '{' . join(', ',
		map { "\"$_\": 1e131071" } qw(vendor_product_id product_name category subcategory description sku brand price
		compare_at_price stock_quantity unit weight_kg dimensions_cm image_url)) . '}',
	'huge numbers within a value' => product('B', '"a": [' . join(',', ('1e131071') x 2000) . ']'),
	'a huge number for a product' => '1e131071',
	'an array of huge numbers for a product' => '[' . join(',', ('1e131071') x 2000) . ']');

# Return the peak memory of a session in a fresh backend, in kB.
sub most_memory
{
	my ($statement) = @_;
	my $out = $node->safe_psql('caps', "$statement;\nRESET ROLE;\n\\echo memory\n"
		. "SELECT (regexp_match(pg_read_file('/proc/self/status'), 'VmHWM:\\s+(\\d+)'))[1]");

	return $out =~ /^memory\n(\d+)/m ? $1 : die $out;
}

SKIP:
{
	skip 'this system has no /proc/PID/status with VmHWM', 26
		unless -r '/proc/self/status' && slurp_file('/proc/self/status') =~ /^VmHWM:/m;
	my $small = product('A');
	my %calls = (
		'onboard_validate()' => sub { my ($n, $product) = @_;
			return "SET ROLE vendor; SELECT count(*) FROM onboard_validate('V1', '$product')" },
		'onboard_check()' => sub { my ($n, $product) = @_;
			return "SET ROLE loader; SELECT count(*) FROM onboard_check('V1', '[" . record(1, $product) . "]')" },
		'onboard_ingest()' => sub { my ($n, $product) = @_;
			return "SET ROLE loader; SELECT count(*) FROM onboard_ingest(onboard_begin_upload('V1', 'x.csv'), '["
			. record(1, $product) . "]')" });

	for my $call (sort keys %calls)
	{
		my $idle = most_memory($calls{$call}->(0, $small));

		for my $bomb (sort keys %bombs)
		{
			my $taken = most_memory($calls{$call}->(0, $bombs{$bomb})) - $idle;

			note "$call, $bomb: $taken kB over " . $idle . ' kB';
			cmp_ok($taken, '<', 32 * 1024, "$call: $bomb use little memory");
		}
	}
	# Metadata affects the fix file, and only through its strings.
	my $header = query("SELECT onboard_begin_upload('V1', 'h.csv', metadata => '{\"delimiter\": ["
		. join(',', ('1e131071') x 500) . "], \"header\": [\"sku\", " . join(', ', ('1e131071') x 2000) . "]}')");
	my $plain = query("SELECT onboard_begin_upload('V1', 'h.csv')");
	my @fix = map { query("SELECT * FROM onboard_ingest('$_', '[" . record(1, '{"sku": "H"}') . "]')");
		most_memory("SET ROLE vendor; SELECT count(*) FROM onboard_fix_csv('$_')") } $plain, $header;

	cmp_ok($fix[1] - $fix[0], '<', 32 * 1024, 'onboard_fix_csv(): numbers in a header take little memory');
	# Memory of one record is freed before the next: 300 times 260 kB of text.
	my $records = join ', ', map { record($_, product("M$_", keys_with(4, '1e65000'), '"brand": "x\ufffd"')) } 1 .. 300;
	my $taken = most_memory("SET ROLE loader; SELECT count(*)
		FROM onboard_ingest(onboard_begin_upload('V1', 'x.csv'), '[$records]')")
		- most_memory($calls{'onboard_ingest()'}->(0, $small));

	note "300 records: $taken kB";
	cmp_ok($taken, '<', 40 * 1024, 'nor do 300 records of numbers at the cap');
}

# ----- the batch is judged, and the stored part is within the caps -----

query('DELETE FROM onboard.products');
my %bad = (%bombs,
	'too many keys' => product('K', keys_with(4083, '""')),
	'too many keys that are null' => product('K', keys_with(4083, 'null')),
	'a record that is too long' => product('L', keys_with(5, '"' . 'x' x 60_000 . '"')),
	'a field that is too long' => product('F', '"a": "' . 'x' x 65_537 . '"'),
	'a column that is too long' => product('F', '"description": "' . 'x' x 300_000 . '"'),
	'a name that is too long' => product('F', '"' . 'x' x 65_537 . '": ""'),
	'deep nesting' => product('D', '"a": ' . nested(3000)),
	'much text within a value' => product('D', '"a": ["' . 'x' x 300_000 . '"]'),
	'a text for a product' => '"' . 'x' x 300_000 . '"');
my $row = 0;
my $upload = query("SELECT onboard_begin_upload('V1', 'bad.csv', content_id => 'bad')");

for my $what (sort keys %bad)
{
	my $first = ++$row;
	my $bad = ++$row;
	my $last = ++$row;
	my $records = '[' . join(', ', record($first, product("R$first")), record($bad, $bad{$what}),
		record($last, product("R$last"))) . ']';
	my $ingest = "SELECT string_agg(row_number || ' ' || status || coalesce(' ' || (errors -> 0 ->> 'error_type'), ''),
		', ' ORDER BY row_number), md5(string_agg(errors::text, '|' ORDER BY row_number))
		FROM onboard_ingest('$upload', '$records')";
	my $given = query("SET ROLE loader; $ingest");

	like($given, qr/^$first validated, $bad error MALFORMED_ROW, $last validated\|/,
		"$what: the row is malformed and the others load");
	is(query("SET ROLE loader; $ingest"), $given, "$what: the same result when sent again");
	is(query("SELECT pg_column_size(original_data) < 400000 AND octet_length(original_data::text) < 600000
		AND octet_length(error_message) < 512 AND octet_length(coalesce(rejected_value, '')) <= 262144 "
		. "FROM onboard.validation_errors WHERE upload_id = '$upload' AND row_number = $bad"), 't',
			"$what: what is kept of it is no larger than a record may be");
	is(query("SET ROLE loader; SELECT string_agg(status, ' ') FROM onboard_check('V1', '[" . record(1, $bad{$what})
		. "]')"), 'error', "$what: onboard_check() says so too");
}
is(query("SET ROLE vendor; SELECT count(*) FROM onboard_error_csv('$upload')"), 1 + keys %bad,
	'the vendor can read the report');
is(query("SET ROLE vendor; SELECT count(*) FROM onboard_fix_csv('$upload')"), 1 + keys %bad, 'and the fix file');
# The other contents of a record are kept.
is(query("SELECT original_data ->> 'sku' FROM onboard.validation_errors WHERE upload_id = '$upload'
	AND error_message LIKE '\"a1\" is a number%' LIMIT 1"), 'B', 'a row that is cut keeps its columns');
is(query("SELECT count(*) FROM onboard.validation_errors WHERE upload_id = '$upload'
	AND (SELECT count(*) FROM jsonb_object_keys(CASE jsonb_typeof(original_data) WHEN 'object' THEN original_data
	ELSE '{}' END)) > 4096"), 0, 'and no more keys than a row may have');

# ----- messages -----

is(validate(product('A', '"Colour": {"a": 1}')), 'MALFORMED_ROW: "Colour" is an object, not a string or a number',
	'a key with an object is named');
is(validate(product('A', '"Sizes": [1, 2]')), 'MALFORMED_ROW: "Sizes" is an array, not a string or a number',
	'so is one with an array');
is(validate(product('A', '"New": true')), 'MALFORMED_ROW: "New" is a boolean, not a string or a number',
	'or with a boolean');
is(validate('{"sku": []}'), 'MALFORMED_ROW: sku is an array, not a string or a number', 'so is a known column');
is(validate(product('A', '"Weight": 1e70000')), 'MALFORMED_ROW: "Weight" is a number of more than 65536 digits',
	'or with a number that is too long');
is(validate('{"price": -1e70000}'), 'MALFORMED_ROW: price is a number of more than 65536 digits',
	'even in a known column');
is(validate(product('A', '"Note": "' . 'x' x 65_537 . '"')),
	'MALFORMED_ROW: "Note" has 65537 bytes; the limit for one field is 65536', 'a text that is too long');
is(validate(product('A', '"' . 'k' x 500 . '": []')), 'MALFORMED_ROW: "' . 'k' x 80
	. '..." is an array, not a string or a number', 'a long name is cut');
is(validate(product('A', '"a\u0001\u001b[31m\nb\u0085c": []')),
	"MALFORMED_ROW: \"a  [31m b c\" is an array, not a string or a number", 'control characters in it become blanks');
is(validate(product('A', '"": []')), 'MALFORMED_ROW: "" is an array, not a string or a number', 'no name is a name');
is(validate(product('A', keys_with(4083, '""'))), 'MALFORMED_ROW: row has more columns than the limit of 4096',
	'too many keys');
is(validate(product('A', keys_with(5, '"' . 'x' x 60_000 . '"'))),
	'MALFORMED_ROW: row has more bytes than the limit of 262144', 'too many bytes');

# Values within the caps are judged unchanged.
is(validate(product('A', keys_with(4082, '""'))), '', '4,096 columns are none too many');
is(validate(product('A', '"big": 1e65535')), '', 'a number of 65,536 digits is a text like any other');
like(validate('{"price": 1e65535}'), qr/^INVALID_PRICE: price /m, 'and no price');
like(validate('{"price": 1e-16383}'), qr/^INVALID_PRICE: price /m, 'nor is one of many decimals');
is(validate(product('A', '"nothing": null')), '', 'null is absent');

# The bulk interface reports the same.
my $copy = query("SELECT onboard_begin_upload('V1', 'copy.csv', content_id => 'copy')");
query("SET ROLE loader; INSERT INTO onboard.intake (upload_id, row_number, vendor_product_id, product_name, category,
	sku, price, stock_quantity, attributes) "
	. "SELECT '$copy', n, 'c' || n, 'n', 'Books', 'c' || n, '1', '1', a
		FROM (VALUES (1, jsonb_build_object('Note', repeat('x', 65537))),
		(2, (SELECT jsonb_object_agg('a' || i, repeat('y', 60000)) FROM generate_series(1, 5) i)), "
	. "(3, (SELECT jsonb_object_agg('a' || i, '') FROM generate_series(1, 4083) i)),
		(4, jsonb_build_object(repeat('k', 65537), ''))) r (n, a)");
is(query("SELECT string_agg(row_number || ': ' || error_message, E'\\n' ORDER BY row_number) FROM "
	. "onboard.validation_errors WHERE upload_id = '$copy'"),
	"1: \"Note\" has 65537 bytes; the limit for one field is 65536\n2: row has more bytes than the limit of 262144\n"
		. "3: row has more columns than the limit of 4096\n4: \"" . 'k' x 80
		. '..." is a name of 65537 bytes; the limit for one field is 65536', 'onboard.intake says the same');
is(query("SELECT count(*) FROM onboard.validation_errors WHERE upload_id = '$copy'
	AND octet_length(original_data::text) < 400000 AND original_data ? 'sku'
	AND (SELECT count(*) FROM jsonb_object_keys(original_data)) <= 4096"), 4, 'and keeps no more either');
is(query("SELECT string_agg(row_number || ' ' || (SELECT count(*)
	FROM jsonb_object_keys(original_data)) || ' ' || coalesce(length(original_data ->> 'Note'), 0),
	',' ORDER BY row_number) FROM onboard.validation_errors WHERE upload_id = '$copy'"),
	'1 7 65536,2 10 0,3 4088 0,4 6 0', 'as far as they fit');

# A defect's raw record is truncated the same way in the first result and in
# later ones.
my $defects = query("SELECT onboard_begin_upload('V1', 'defects.csv', content_id => 'defects')");
my $defect = "SELECT md5(errors::text), length(errors -> 0 ->> 'rejected_value'),
	length(errors -> 0 ->> 'error_message') FROM onboard_ingest('$defects',
	jsonb_build_array(jsonb_build_object('row_number', 1, 'defect', "
  . "jsonb_build_object('error_type', 'MALFORMED_ROW', 'message', repeat('m', 100000), 'raw', repeat('z', 1000000)))))";
my $answer = query($defect);
like($answer, qr/\|262144\|511$/, 'a raw record is truncated');
is(query($defect), $answer, 'and reported identically again');

# ----- row and line numbers -----

sub refusal
{
	my ($statement) = @_;
	my $err = '';

	$node->psql('caps', "SET ROLE loader; $statement", stderr => \$err, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $err =~ /ERROR:  ([^\n]*)/ ? $1 : 'none';
}

for my $name (qw(row_number line_number))
{
	for my $case ([ '-1', 'is below 1' ], [ '0', 'is below 1' ], [ '-1e131071', 'is below 1' ],
		[ '1e131071', 'is above 9223372036854775807' ], [ '9223372036854775808', 'is above 9223372036854775807' ],
		[ '1.5', 'is not an integer' ], [ '1e-16383', 'is below 1' ], [ '"1"', 'is not an integer' ],
			[ '[1]', 'is not an integer' ])
	{
		my ($value, $problem) = @$case;
		my $record = '{"row_number": ' . ($name eq 'row_number' ? $value : 1) . ', "line_number": '
			. ($name eq 'line_number' ? $value : 2) . ', "product": {}}';

		is(refusal("SELECT * FROM onboard_ingest('$defects', '[{\"row_number\": 5, \"product\": {}}, $record]')"),
			"22023: record 2: $name $problem", "onboard_ingest(): $name $value");
		is(refusal("SELECT * FROM onboard_check('V1', '[{\"row_number\": 5, \"product\": {}}, $record]')"),
			"22023: record 2: $name $problem", "onboard_check(): $name $value");
	}
}
is(refusal("SELECT * FROM onboard_check('V1', '[{\"row_number\": 9223372036854775807, \"line_number\": 1.0, "
	. "\"product\": {}}]') \\g /dev/null"), 'none', 'the largest row number and 1.0 are numbers');
for my $line (-1, 0, '-9223372036854775808')
{
	is(refusal("INSERT INTO onboard.intake (upload_id, row_number, line_number) VALUES ('$defects', 7, $line)"),
		"22023: line_number $line of row 7 is not a line of a file", "onboard.intake: line_number $line");
}
is(refusal("INSERT INTO onboard.intake (upload_id, row_number, line_number)
	VALUES ('$defects', 7, NULL), ('$defects', 8, 1)"), 'none', 'none and 1 are lines');
is(query("SELECT string_agg(DISTINCT row_number || ' ' || coalesce(line_number::text, 'none'), ',')
	FROM onboard.validation_errors WHERE upload_id = '$defects' AND row_number > 1"), '7 none,8 1',
	'only these two were stored');

$node->stop;
done_testing();
