# Random steps for ModesTest.pm: uploads of several vendors in every mode, with rows that conflict:
# few products, few values, keys that change, duplicates, rows that break rules.

package ModesRandom;

use strict;
use warnings FATAL => 'all';
use utf8;

use Exporter 'import';

use Oracle;

our @EXPORT = qw(@modes_vendors random_products random_upload begin_step some_rows random_sql);

our @modes_vendors = qw(DIF-1 DIF-2 DIF-3);
my $fresh = 0;    # number of SKUs that no product has at the beginning

# ----- values -----

my @blanks = ('', ' ', "\x{A0}", "\x{FEFF}\n");
my %values = (
	product_name => sub { one_of('Lamp', ' Lamp', 'Lamp 2', 'Lämp') },
	category => sub { one_of(('Books') x 6, 'Garden') },
	price => sub { one_of(('10', '10.00', '11', '12.5') x 4, '60', '3', '1.99') },
	stock_quantity => sub { one_of('5', '05', '7', '7', '0') },
	brand => sub { one_of(@blanks, 'Acme', 'Bolt', 'Bolt ') },
	subcategory => sub { one_of('', 'Sub') },
	description => sub { one_of('', 'Text', "Two\nlines", 'back\\slash') },
	compare_at_price => sub { one_of('', '', '11', '100', '100.00') },
	unit => sub { one_of('', 'box', 'piece') },
	weight_kg => sub { one_of('', '1', '1.00', '.5') },
	dimensions_cm => sub { one_of('', '1x2x3') },
	image_url => sub { one_of('', 'http://a.example/b.png') });
my %bad = (
	product_name => sub { one_of(@blanks, 'x' x 201, "a\x07b") },
	category => sub { one_of('', 'Nonsense', 'Retired') },
	price => sub { one_of('', 'x', '0', '1e3') },
	stock_quantity => sub { one_of(' ', '-1', '1.5') },
	compare_at_price => sub { one_of('x', '-1', '2') },
	brand => sub { 'b' x 101 },
	unit => sub { 'u' x 21 },
	weight_kg => sub { '0' },
	image_url => sub { 'ftp://a' });
my @required = qw(product_name category sku price stock_quantity);

# The keys of a vendor's Nth product, unless rows or SQL change them
sub id { return "p$_[0]"; }
# The 13th has a SKU that only SQL can give to a product; rows may then name it.
sub sku { my ($vendor, $n) = @_; return $n == 13 ? "$vendor\x{AD}-$n" : "$vendor-$n"; }

# ----- uploads -----

sub random_upload
{
	my ($number) = @_;
	my $mode = one_of(qw(insert upsert upsert update update update replace replace));
	my $match = one_of(undef, 'vendor_product_id', 'sku');
	my @names = ('vendor_product_id', 'sku', sort keys %values);
	my $columns;

	# Files with only some columns are usual; those of upsert and replace have the required ones.
	if (chance(0.6))
	{
		my @listed = grep { chance(0.4) } grep { $_ ne 'vendor_product_id' || ($match // '') eq 'sku' } @names,
		  qw(Colour Size);
		my %listed = map { $_ => 1 } @listed, $mode eq 'update' ? () : @required;

		$listed{vendor_product_id} = 1 if ($match // '') ne 'sku' && chance(0.9);
		$listed{ ($match // '') eq 'sku' || !$listed{vendor_product_id} ? 'sku' : 'vendor_product_id' } = 1;
		$match = undef if !$listed{vendor_product_id};
		$columns = [ sort keys %listed ];
	}
	return { number => $number, vendor => one_of(@modes_vendors), mode => $mode, match => $match,
		blank => one_of('clear', 'keep'), hours => between(0, 12), columns => $columns, rows => 0,
		left => between(1, 25), calm => chance(0.5), delivered => [] };
}

# Return the key column of an upload.
sub key_of
{
	my ($upload) = @_;

	return $upload->{match} // (grep { $_ eq 'vendor_product_id' } @{ $upload->{columns} // ['vendor_product_id'] })
	  ? $upload->{match} // 'vendor_product_id' : 'sku';
}

sub random_row
{
	my ($upload) = @_;
	my $key = key_of($upload);
	my $full = $upload->{mode} ne 'update' && chance(0.85);
	my $n = between(1, chance(0.8) ? 14 : 20);
	my $vendor = $key eq 'sku' && chance(0.1) ? one_of(@modes_vendors) : $upload->{vendor};
	my %product = (vendor_product_id => id($n), sku => sku($vendor, $n));
	my %row;

	# Sometimes the other key is not the usual one, but that of another product, or new.
	$product{ $key eq 'sku' ? 'vendor_product_id' : 'sku' } =
	  $key eq 'sku' ? id(between(1, 20)) : one_of(sku(one_of(@modes_vendors), between(1, 20)), 'NEW-' . ++$fresh) if chance(0.12);
	foreach my $name (sort keys %values)
	{
		$product{$name} = $values{$name}->() if chance(0.5) || $full && grep { $_ eq $name } @required;
		$product{$name} = $bad{$name}->() if $bad{$name} && exists $product{$name} && chance($upload->{calm} ? 0.005 : 0.03);
	}
	if (my $columns = $upload->{columns})
	{
		my %listed = map { $_ => 1 } @$columns;

		delete @product{ grep { !$listed{$_} } keys %product };
	}
	elsif (!$full && chance(0.7))
	{
		delete $product{ $key eq 'sku' ? 'vendor_product_id' : 'sku' };
	}
	$product{$key} = one_of(" $product{$key} ", lc $product{$key}) if chance(0.03);
	$product{$key} = one_of(@blanks, 'k' x 101) if chance($upload->{calm} ? 0.002 : 0.02);
	$product{$key} = undef if chance(0.002);
	$product{ one_of($key, grep { exists $product{$_} } 'product_name') } = "dam\x{FFFD}aged" if chance(0.01);
	foreach my $name (qw(Colour Size))
	{
		$row{attributes}{$name} = one_of('red', 'blue') if chance(0.4) && (!$upload->{columns}
			|| grep { $_ eq $name } @{ $upload->{columns} });
	}
	$row{attributes}{Size} = '' if exists $row{attributes}{Size} && $upload->{mode} eq 'update' && chance(0.3);
	$row{action} = one_of('delete', 'delete', 'update', ' ', 'drop') if chance($upload->{mode} eq 'insert' ? 0.03 : 0.12);
	%product = (defect_type => 'MALFORMED_ROW', defect_message => 'two fields too many', raw_record => 'a,b') if chance(0.004);
	$row{product} = { map { $_ => $product{$_} } grep { defined $product{$_} } keys %product };
	return { %row, upload => $upload->{number}, row_number => ++$upload->{rows}, line_number => $upload->{rows} + 1 };
}

# Return rows of an upload: new ones, and some that were delivered before.
sub some_rows
{
	my ($upload) = @_;
	my $count = chance(0.5) ? $upload->{left} : between(1, $upload->{left});
	my @new = map { random_row($upload) } 1 .. $count;
	my @again = grep { chance(0.2) } @{ $upload->{delivered} };

	$upload->{left} -= $count;
	push @{ $upload->{delivered} }, @new;
	return (@new, chance(0.3) ? @again : ());
}

# Return the step that begins an upload.
sub begin_step
{
	my ($upload) = @_;

	return { do => 'begin', upload => $upload->{number},
		map { $_ => $upload->{$_} } qw(vendor mode match blank hours columns) };
}

# ----- SQL -----

# Return steps that insert ten products of each vendor.
sub random_products
{
	my @steps;

	foreach my $vendor (@modes_vendors)
	{
		push @steps, map { { do => 'insert', vendor => $vendor, columns => { vendor_product_id => id($_),
			sku => sku($vendor, $_), product_name => 'Lamp', category => 'Books', price => one_of('10', '11'),
			stock_quantity => 5, chance(0.2) ? (compare_at_price => '100') : (), chance(0.3) ? (brand => 'Acme') : (),
			chance(0.3) ? (attributes => { Colour => 'red' }) : (),
			chance(0.2) ? (status => one_of('inactive', 'discontinued')) : () } } } 1 .. 10;
	}
	return @steps;
}

# A user's SQL on a product
sub random_sql
{
	my $sku = chance(0.1) && $fresh ? 'NEW-' . between(1, $fresh) : sku(one_of(@modes_vendors), between(1, 20));

	return { do => 'delete', sku => $sku } if chance(0.15);
	return { do => 'update', sku => $sku, columns => { one_of(
		[ price => '9.00' ], [ status => 'inactive' ], [ status => 'discontinued' ], [ status => 'active' ],
		[ stock_quantity => 0 ], [ stock_quantity => 3 ], [ brand => 'Acme' ], [ brand => undef ],
		[ attributes => { Colour => 'green' } ])->@* } };
}

1;
