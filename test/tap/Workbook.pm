# Makes workbooks (.xlsx) and archives for tests, with the modules of perl alone.
#
#	write_workbook('a.xlsx', Products => [[ 'sku', 'price' ], [ 'S-1', \10.5 ]]);
#
# A cell is a text, or a number by reference.

package Workbook;

use strict;
use warnings;
use Exporter 'import';
use IO::Compress::Zip qw(:all);

our @EXPORT = qw(write_workbook write_zip);

my $types = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

# Write an archive of files, given as names and contents in turn.
sub write_zip
{
	my ($path, @files) = @_;
	my $zip;

	while (my ($name, $content) = splice(@files, 0, 2))
	{
		my @options = (Name => $name, Time => 1767225600, Minimal => 1);

		if (defined $zip) { $zip->newStream(@options) or die "$path: $ZipError" }
		else { $zip = IO::Compress::Zip->new($path, @options) or die "$path: $ZipError" }
		$zip->print($content);
	}
	$zip->close;
	return $path;
}

sub escape
{
	my ($text) = @_;
	my %entities = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;');

	$text =~ s/([&<>])/$entities{$1}/g;
	return $text;
}

sub row
{
	my ($cells) = @_;
	my @written = map {
		ref $_
		  ? "<c><v>$$_</v></c>"
		  : '<c t="inlineStr"><is><t xml:space="preserve">' . escape($_) . '</t></is></c>'
	} @$cells;

	return '<row>' . join('', @written) . '</row>';
}

sub relation
{
	my ($id, $type, $target) = @_;

	return qq{<Relationship Id="$id" Type="$types/$type" Target="$target"/>};
}

# Write a workbook of sheets, given as names and rows in turn.
sub write_workbook
{
	my ($path, @sheets) = @_;
	my (@parts, $list, $relations);

	while (my ($name, $rows) = splice(@sheets, 0, 2))
	{
		my $number = 1 + @parts / 2;

		$list .= '<sheet name="' . escape($name) . qq{" sheetId="$number" r:id="r$number"/>};
		$relations .= relation("r$number", 'worksheet', "worksheets/sheet$number.xml");
		push @parts, "xl/worksheets/sheet$number.xml",
		  '<worksheet><sheetData>' . join('', map { row($_) } @$rows) . '</sheetData></worksheet>';
	}
	return write_zip(
		$path,
		'_rels/.rels' => '<Relationships>' . relation('d', 'officeDocument', 'xl/workbook.xml') . '</Relationships>',
		'xl/workbook.xml' => "<workbook><sheets>$list</sheets></workbook>",
		'xl/_rels/workbook.xml.rels' => "<Relationships>$relations</Relationships>",
		@parts);
}

1;
