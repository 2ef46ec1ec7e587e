// What must be in a database for its writes to purge? The SQL of `freshet outbox sql`: the table, functions and a trigger function. Runs again without harm.
import type { OutboxName } from './outbox-table.ts';
import { MOST_NAME_BYTES, quotedIdentifier, quotedText } from './postgres-names.ts';

export interface OutboxSqlOptions extends OutboxName {
  readonly channel: string;
}

export function outboxSql({ schema, table, channel }: OutboxSqlOptions): string {
  const at = quotedIdentifier(schema);
  const names: Readonly<Record<string, string>> = {
    schema: at,
    table: `${at}.${quotedIdentifier(table)}`,
    waiting: quotedIdentifier(indexName(table, 'waiting')),
    failed: quotedIdentifier(indexName(table, 'failed')),
    channel: quotedText(channel),
    quote: bodyQuote(schema + table + channel),
  };
  return SQL.replaceAll(/<<(\w+)>>/g, (found, name: string) => names[name] ?? found);
}

function indexName(table: string, what: string): string {
  const room = MOST_NAME_BYTES - what.length - 1;
  const bytes = Buffer.from(table, 'utf8');
  return `${
    bytes.length <= room
      ? table
      : bytes
          .subarray(0, room)
          .toString('utf8')
          .replace(/\uFFFD+$/, '')
  }_${what}`;
}

/** What the names do not contain: none may end the body that it stands in. */
function bodyQuote(names: string): string {
  let quote = 'freshet';
  while (names.includes(`$${quote}$`)) quote += '_';
  return `$${quote}$`;
}

const SQL = `-- The outbox that Freshet reads (events.postgres). What is inserted here in a transaction is purged after its commit, and only then.
-- It may be run again: what is there stays, functions are replaced. PostgreSQL 11 or later.

-- No notice of what is there already.
SET client_min_messages = warning;

CREATE TABLE IF NOT EXISTS <<table>> (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tags text[],
  type text,
  subject text,
  data jsonb,
  failed_at timestamptz,
  failure text
);

-- For a table that was there before.
ALTER TABLE <<table>>
  ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN IF NOT EXISTS tags text[],
  ADD COLUMN IF NOT EXISTS type text,
  ADD COLUMN IF NOT EXISTS subject text,
  ADD COLUMN IF NOT EXISTS data jsonb,
  ADD COLUMN IF NOT EXISTS failed_at timestamptz,
  ADD COLUMN IF NOT EXISTS failure text;

-- A row is deleted when its purge is confirmed, so the table is almost empty and must be vacuumed by what was deleted, not by a share of its size.
ALTER TABLE <<table>> SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Rows that wait, and rows that were set aside because nothing could be purged for them.
CREATE INDEX IF NOT EXISTS <<waiting>> ON <<table>> (id) WHERE failed_at IS NULL;
CREATE INDEX IF NOT EXISTS <<failed>> ON <<table>> (failed_at, id) WHERE failed_at IS NOT NULL;

RESET client_min_messages;

-- SELECT freshet_purge('product:1', 'category:7'): these tags are purged after the commit. A NULL names nothing and is left out.
CREATE OR REPLACE FUNCTION <<schema>>.freshet_purge(VARIADIC tags text[]) RETURNS void LANGUAGE plpgsql AS <<quote>>
DECLARE
  named text[] := ARRAY(SELECT DISTINCT tag FROM unnest(freshet_purge.tags) AS tag WHERE tag IS NOT NULL);
BEGIN
  IF cardinality(named) = 0 THEN
    RETURN;
  END IF;
  -- So many fit into one purge, however long they are.
  INSERT INTO <<table>> (tags)
    SELECT array_agg(tag ORDER BY place) FROM unnest(named) WITH ORDINALITY AS numbered (tag, place) GROUP BY (place - 1) / 50 ORDER BY min(place);
  -- Within a transaction once, however often it is called.
  PERFORM pg_catalog.pg_notify(<<channel>>, '');
END
<<quote>>;

-- SELECT freshet_event('order.updated', '42', '{"id": 42}'): the rules under events.rules say what is purged. Events of one subject are purged in their order.
CREATE OR REPLACE FUNCTION <<schema>>.freshet_event(type text, subject text, data jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS <<quote>>
BEGIN
  IF freshet_event.type IS NULL OR freshet_event.type = '' THEN
    RAISE EXCEPTION 'freshet_event: the type is missing' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  INSERT INTO <<table>> (type, subject, data) VALUES (freshet_event.type, freshet_event.subject, coalesce(freshet_event.data, '{}'));
  PERFORM pg_catalog.pg_notify(<<channel>>, '');
END
<<quote>>;

-- A trigger of any table: each argument is a tag in which {column} stands for a value of the row. Of an update the old row counts too, so that a changed key
-- purges both; a tag with a NULL in it names nothing. In a trigger FOR EACH STATEMENT (TRUNCATE) there is no row, and tags name no columns.
CREATE OR REPLACE FUNCTION <<schema>>.freshet_purge_row() RETURNS trigger LANGUAGE plpgsql AS <<quote>>
DECLARE
  images jsonb[] := '{}';
  image jsonb;
  template text;
  missing text;
  tags text[] := '{}';
BEGIN
  IF TG_NARGS = 0 THEN
    RAISE EXCEPTION 'freshet_purge_row: trigger % on %.% names no tag', TG_NAME, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF TG_WHEN <> 'AFTER' THEN
    RAISE EXCEPTION 'freshet_purge_row: trigger % on %.% is a trigger %; AFTER is allowed', TG_NAME, TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_WHEN
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOREACH template IN ARRAY TG_ARGV LOOP
    IF template = '' OR regexp_replace(template, '\\{[^{}]*\\}', '', 'g') ~ '[{}]' THEN
      RAISE EXCEPTION 'freshet_purge_row: trigger % on %.%: found the tag "%"; allowed: text with columns in braces (product:{id})',
        TG_NAME, TG_TABLE_SCHEMA, TG_TABLE_NAME, template USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  IF TG_LEVEL = 'STATEMENT' THEN
    images := ARRAY['{}'::jsonb];
  ELSE
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
      images := array_append(images, to_jsonb(OLD));
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
      images := array_append(images, to_jsonb(NEW));
    END IF;
  END IF;
  FOREACH image IN ARRAY images LOOP
    FOREACH template IN ARRAY TG_ARGV LOOP
      SELECT part[1] INTO missing FROM regexp_matches(template, '\\{([^{}]*)\\}', 'g') AS part WHERE NOT image ? part[1] LIMIT 1;
      IF FOUND THEN
        RAISE EXCEPTION 'freshet_purge_row: trigger % on %.%: the tag % names the column "%", which is not there',
          TG_NAME, TG_TABLE_SCHEMA, TG_TABLE_NAME, template, missing USING ERRCODE = 'undefined_column';
      END IF;
      tags := array_append(tags, (
        SELECT CASE WHEN bool_and(part[2] IS NULL OR image ->> part[2] IS NOT NULL)
          THEN string_agg(part[1] || coalesce(image ->> part[2], ''), '' ORDER BY place) END
        FROM regexp_matches(template, '([^{]*)(?:\\{([^{}]*)\\})?', 'g') WITH ORDINALITY AS matched (part, place)
      ));
    END LOOP;
  END LOOP;
  PERFORM <<schema>>.freshet_purge(VARIADIC tags);
  RETURN NULL;
END
<<quote>>;

-- Whoever writes needs INSERT on the table, whoever reads for Freshet the rest:
--   GRANT INSERT ON <<table>> TO app;
--   GRANT SELECT, UPDATE, DELETE ON <<table>> TO freshet;

-- For each table whose rows are in cached responses, so that writes that bypass the application purge too:
--   DROP TRIGGER IF EXISTS products_purge ON products;
--   CREATE TRIGGER products_purge AFTER INSERT OR UPDATE OR DELETE ON products
--     FOR EACH ROW EXECUTE FUNCTION <<schema>>.freshet_purge_row('product:{id}', 'category:{category_id}:products');
--   CREATE TRIGGER products_emptied AFTER TRUNCATE ON products
--     FOR EACH STATEMENT EXECUTE FUNCTION <<schema>>.freshet_purge_row('products');
-- Or by hand, where tags depend on more than the row:
--   CREATE FUNCTION prices_purge() RETURNS trigger LANGUAGE plpgsql AS $$
--   BEGIN
--     IF TG_OP <> 'INSERT' THEN PERFORM <<schema>>.freshet_purge('product:' || OLD.product_id, 'tier:' || OLD.tier); END IF;
--     IF TG_OP <> 'DELETE' THEN PERFORM <<schema>>.freshet_purge('product:' || NEW.product_id, 'tier:' || NEW.tier); END IF;
--     RETURN NULL;
--   END $$;
--   CREATE TRIGGER prices_purge AFTER INSERT OR UPDATE OR DELETE ON prices FOR EACH ROW EXECUTE FUNCTION prices_purge();
`;
