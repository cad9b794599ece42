-- Triggers on the tables: updated_at, and status by stock.
INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('TRIG-1', 'Trigger one', 'one@trig.example');
CREATE FUNCTION add(name text, stock int, status text, OUT product_id bigint) LANGUAGE sql AS $$
	INSERT INTO onboard.products AS p (vendor_id, vendor_product_id, product_name, category, sku, price, stock_quantity,
		status)
		VALUES ('TRIG-1', name, name, 'Books', 'TRIG ' || name, 1, stock, status) RETURNING p.product_id;
$$;

-- updated_at is later than created_at if and only if the row was changed.
SELECT add('clock', 1, 'active') > 0 AS added;
SELECT updated_at = created_at AS unchanged FROM onboard.products WHERE sku = 'TRIG clock';
UPDATE onboard.products SET brand = 'B' WHERE sku = 'TRIG clock' RETURNING updated_at > created_at AS changed;
-- Within one transaction, too
BEGIN;
SELECT add('transaction', 1, 'active') > 0 AS added;
UPDATE onboard.products SET brand = 'B' WHERE sku = 'TRIG transaction' RETURNING updated_at > created_at AS changed;
COMMIT;
-- Whatever the client sets, and even if the clock was set back
UPDATE onboard.products SET updated_at = created_at WHERE sku = 'TRIG clock'
	RETURNING updated_at > created_at AS changed;
UPDATE onboard.products SET created_at = now() + interval '1 year' WHERE sku = 'TRIG clock'
	RETURNING updated_at > created_at AS changed;
UPDATE onboard.products SET created_at = 'infinity' WHERE sku = 'TRIG clock'
	RETURNING updated_at < created_at AS finite;
UPDATE onboard.vendors SET city = 'Here' WHERE vendor_id = 'TRIG-1' RETURNING updated_at > created_at AS changed;
UPDATE onboard.product_categories SET description = 'Printed' WHERE category_name = 'Books'
	RETURNING updated_at > created_at AS changed;
UPDATE onboard.product_categories SET description = NULL WHERE category_name = 'Books';

-- An UPDATE that changes nothing does not touch it, and each change sets a later time than the one before.
BEGIN;
SELECT updated_at AS before FROM onboard.products WHERE sku = 'TRIG transaction' \gset
UPDATE onboard.products SET brand = brand, description = NULL, updated_at = '2000-01-01' WHERE sku = 'TRIG transaction'
	RETURNING updated_at = :'before' AS unchanged;
UPDATE onboard.products SET brand = NULL WHERE sku = 'TRIG transaction' RETURNING updated_at > :'before' AS changed;
ALTER TABLE onboard.products DISABLE TRIGGER products_touch;
UPDATE onboard.products SET updated_at = now() + interval '1 year' WHERE sku = 'TRIG transaction'
	RETURNING updated_at AS future \gset
ALTER TABLE onboard.products ENABLE TRIGGER products_touch;
UPDATE onboard.products SET brand = 'B' WHERE sku = 'TRIG transaction' RETURNING updated_at > :'future' AS changed;
COMMIT;

-- Stock and status: only active and out_of_stock change.
SELECT count(add(s || ' ' || n, n, s)) FROM unnest(ARRAY['active', 'inactive', 'out_of_stock', 'discontinued']) s,
	unnest(ARRAY[0, 5]) n;
CREATE VIEW statuses AS
	SELECT product_name, stock_quantity, status FROM onboard.products WHERE vendor_id = 'TRIG-1'
		AND product_name ~ '[05]$' ORDER BY 1;
UPDATE onboard.products SET stock_quantity = 5 - stock_quantity WHERE vendor_id = 'TRIG-1' AND product_name ~ '[05]$';
SELECT * FROM statuses;
UPDATE onboard.products SET stock_quantity = 5 - stock_quantity WHERE vendor_id = 'TRIG-1' AND product_name ~ '[05]$';
SELECT * FROM statuses;
-- A change that is not to or from 0 does not affect the status.
UPDATE onboard.products SET stock_quantity = stock_quantity * 2 WHERE vendor_id = 'TRIG-1' AND product_name ~ '[05]$';
SELECT * FROM statuses;
-- A status set by the same UPDATE is kept.
UPDATE onboard.products SET stock_quantity = 0, status = 'inactive' WHERE sku = 'TRIG active 5' RETURNING status;
UPDATE onboard.products SET stock_quantity = 1, status = 'discontinued' WHERE sku = 'TRIG inactive 0' RETURNING status;
\set VERBOSITY terse
UPDATE onboard.products SET stock_quantity = NULL WHERE sku = 'TRIG active 0'; -- ERROR

-- The functions can only be called as triggers for changed rows.
CREATE TABLE other (id int);
CREATE TRIGGER wrong BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION onboard.touch_updated_at();
INSERT INTO other VALUES (1); -- ERROR
DROP TRIGGER wrong ON other;
INSERT INTO other VALUES (1);
CREATE TRIGGER wrong BEFORE UPDATE ON other FOR EACH ROW EXECUTE FUNCTION onboard.touch_updated_at();
UPDATE other SET id = 2; -- ERROR
DROP TRIGGER wrong ON other;
CREATE TRIGGER wrong BEFORE UPDATE ON other FOR EACH ROW EXECUTE FUNCTION onboard.flip_stock_status();
UPDATE other SET id = 2; -- ERROR
SELECT onboard.touch_updated_at(); -- ERROR
SELECT onboard.flip_stock_status(); -- ERROR

DROP TABLE other;
DROP VIEW statuses;
DROP FUNCTION add;
DELETE FROM onboard.products WHERE vendor_id = 'TRIG-1';
DELETE FROM onboard.vendors WHERE vendor_id = 'TRIG-1';
