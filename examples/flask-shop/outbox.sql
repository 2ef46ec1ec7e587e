-- Beside what `freshet outbox sql` prints: writes to the shop's tables purge by themselves, whoever makes them.
DROP TRIGGER IF EXISTS products_purge ON products;
CREATE TRIGGER products_purge AFTER UPDATE OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('product:{id}');
DROP TRIGGER IF EXISTS products_listed ON products;
CREATE TRIGGER products_listed AFTER INSERT OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('products', 'partner-prices', 'product:{id}');
DROP TRIGGER IF EXISTS prices_purge ON prices;
CREATE TRIGGER prices_purge AFTER INSERT OR UPDATE OR DELETE ON prices FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('price:{product}');
DROP TRIGGER IF EXISTS stock_purge ON stock;
CREATE TRIGGER stock_purge AFTER INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION freshet_purge_row('stock:{product}');
