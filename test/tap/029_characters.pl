# What the extension says about each character, compared with the Unicode tables of Perl:
# which are blank, which are trimmed, and which no key may hold.

use strict;
use warnings FATAL => 'all';
use utf8;

use PostgreSQL::Test::Utils;
use Test::More;
use Unicode::UCD;

use OnboardTest;

my $node = new_server('characters');

add_database($node, 'characters', 'CHAR-1');

diag 'Unicode ' . Unicode::UCD::UnicodeVersion();

# The planes that have letters, and the one of tags. Only what Perl's version knows can be
# compared; one in 32 of the letters without case, which are many and alike, is enough.
my @codes = grep { chr($_) =~ /\p{Assigned}/ && $_ != 0xFFFD && (chr($_) !~ /[\p{Lo}\p{Co}]/ || $_ % 32 == 0) }
  1 .. 0xD7FF, 0xE000 .. 0xFFFD, 0x10000 .. 0x1FFFF, 0xE0000 .. 0xE0FFF;

sub codes_with { my ($test) = @_; return join ' ', map { sprintf '%04X', $_ } grep { $test->(chr) } @codes; }

# Return the characters for which a value made of them has a finding of this type.
sub found_in
{
	my ($value, $type) = @_;
	my $list = join ',', @codes;

	return $node->safe_psql('characters', <<"SQL");
SELECT string_agg(lpad(upper(to_hex(code)), greatest(4, length(to_hex(code))), '0'), ' ' ORDER BY code)
	FROM unnest('{$list}'::int[]) code
	WHERE EXISTS (SELECT FROM onboard_validate('CHAR-1', jsonb_build_object('vendor_product_id', 'P', 'product_name', 'Pan',
		'category', 'Kitchen', 'sku', 'S', 'price', '1', 'stock_quantity', '1') || $value) WHERE error_type = '$type');
SQL
}

is(found_in(q(jsonb_build_object('product_name', chr(code))), 'MISSING_REQUIRED_FIELDS'),
	codes_with(sub { $_[0] =~ /[\p{White_Space}\p{Cf}\p{Cc}]/ }), 'a value of white space, Cf or Cc is blank');
is(found_in(q(jsonb_build_object('price', chr(code) || '1' || chr(code))), 'INVALID_PRICE'),
	codes_with(sub { $_[0] !~ /[\p{White_Space}\x{200B}\x{2060}\x{FEFF}0-9]/ }),
	'white space and three marks are trimmed, nothing else');
is(found_in(q(jsonb_build_object('sku', 'a' || chr(code) || 'b')), 'INVALID_CHARACTERS'),
	codes_with(sub { $_[0] =~ /[\p{Cf}\p{Cc}\p{Zl}\p{Zp}]/ }), 'a key holds no Cf, Cc, Zl and Zp');
is(found_in(q(jsonb_build_object('brand', 'a' || chr(code) || 'b')), 'INVALID_CHARACTERS'),
	codes_with(sub { $_[0] =~ /\p{Cc}/ && $_[0] !~ /[\t\r\n]/ }), 'other text no Cc but tab and line break');
is(found_in(q(jsonb_build_object('image_url', 'http://a/' || chr(code) || 'b')), 'INVALID_IMAGE_URL'),
	codes_with(sub { $_[0] =~ /[\p{White_Space}\p{Cf}\p{Cc}\\]/ }), 'an address neither, nor white space');

done_testing();
