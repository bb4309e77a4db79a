-- 50,000 customers and 200,000 orders, the same on every machine. Nobody in it exists: mail domains and telephone numbers are those reserved
-- for examples and drama, bank account numbers have a right checksum and a bank code that is not given out.
INSERT INTO customers (id, name, email, phone, street, postcode, city, country, iban, birthday, notes, created_at)
SELECT
  i,
  first_name || ' ' || last_name,
  lower(translate(first_name || '.' || last_name, ' ''éèëüöÖäøåçñíáółśı', '--eeeuooaoacniaolsi')) || i || '@' || domain,
  CASE country
    WHEN 'GB' THEN '+44 20 7946 0' || lpad((i * 37 % 1000)::text, 3, '0')
    WHEN 'US' THEN '+1 202-555-01' || lpad((i * 37 % 100)::text, 2, '0')
    WHEN 'FR' THEN '+33 1 99 00 ' || lpad((i * 37 % 100)::text, 2, '0') || ' ' || lpad((i * 53 % 100)::text, 2, '0')
    ELSE '+49 30 23125 ' || lpad((i * 37 % 1000)::text, 3, '0')
  END,
  street || ' ' || 1 + i * 13 % 148,
  lpad((10000 + i * 7919 % 89999)::text, 5, '0'),
  city,
  country,
  'DE' || lpad((98 - (account || '131400')::numeric % 97)::text, 2, '0') || account,
  date '1945-01-01' + i * 6151 % 21900,
  CASE i % 9
    WHEN 0 THEN 'Prefers to be called by ' || first_name || ', in the evening'
    WHEN 3 THEN 'Deliver to the neighbour, ' || last_name || ' is away on weekdays'
    WHEN 6 THEN 'Asked for an invoice to ' || street || ', allergic to wool'
  END,
  timestamptz '2023-01-01 08:00+00' + i * interval '25 minutes'
FROM (
  SELECT
    i,
    (ARRAY['Amelia','Anton','Aylin','Björn','Camille','Chiara','Daniel','Elif','Emma','Felix','Fatima','Greta','Hannah','Hugo','Ines','Ivo','Jakob','Jamal','Joana','Kai','Katarzyna','Lars','Léa','Liam','Lucía','Marek','Maren','Mateo','Mia','Noah','Nora','Oskar','Paula','Priya','Rafael','Sofia','Søren','Theo','Yara','Zoë'])[1 + i * 7 % 40] AS first_name,
    (ARRAY['Andersen','Bauer','Becker','Bianchi','Bruun','Costa','Dubois','Ferreira','Fischer','Fontaine','García','Girard','Haas','Hansen','Hughes','Ivanova','Jansen','Kaya','Keller','Kowalski','Krüger','Lambert','Larsen','Lopez','Marino','Martin','Meyer','Moreau','Müller','Nowak','O''Brien','Okafor','Öztürk','Patel','Peeters','Rossi','Sato','Schmidt','Silva','Taylor','van Dijk','Vogel','Walker','Weber','Wilson','Wójcik','Yılmaz'])[1 + i * 11 % 47] AS last_name,
    (ARRAY['example.com','example.net','example.org','mail.example'])[1 + i * 3 % 4] AS domain,
    (ARRAY['Lindenallee','Hafenstraße','Rue du Moulin','Mill Lane','Bergweg','Station Road','Am Markt','Rue Victor Hugo','Elm Street','Gartenweg','Church Street'])[1 + i * 5 % 11] AS street,
    (ARRAY['Berlin','London','Lyon','Portland','Hamburg','Leeds','Nantes','Boston','Köln','Bristol','Lille','Denver'])[1 + i % 12] AS city,
    (ARRAY['DE','GB','FR','US'])[1 + i % 4] AS country,
    '99999999' || lpad((i::bigint * 104729 % 10000000000)::text, 10, '0') AS account
  FROM generate_series(1, 50000) AS i (i)
) AS person;

-- All rows are checked at once at the end, which takes a tenth of checking each as it comes.
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey;

INSERT INTO orders (id, customer_id, product, quantity, total_cents, status, delivery_note, ordered_at)
SELECT
  i,
  1 + i * 15485863 % 50000 * (1 + i % 4) / 4,
  product,
  quantity,
  quantity * price,
  (ARRAY['shipped','shipped','shipped','paid','shipped','returned','new'])[1 + i * 5 % 7],
  CASE i % 17 WHEN 0 THEN 'Ring twice, the bell is quiet' WHEN 8 THEN 'Door code ' || 1000 + i * 31 % 9000 END,
  timestamptz '2023-03-01 07:00+00' + i * interval '9 minutes' + i * 17 % 540 * interval '1 second'
FROM (
  SELECT
    i,
    1 + i * 3 % 4 AS quantity,
    (ARRAY['Rain jacket','Trail shoes','Tent for two','Wool socks','Head lamp','Map of the Alps','Camping stove','Sleeping bag','Water bottle'])[1 + i * 7 % 9] AS product,
    (ARRAY[12900,10990,24900,1490,3990,1290,5490,15900,1990])[1 + i * 7 % 9] AS price
  FROM generate_series(1::bigint, 200000) AS i (i)
) AS bought;

ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers;

INSERT INTO entries (name, message, created_at) VALUES
  ('Greta', 'The tent stood through a whole night of rain. Thank you for the advice!', '2026-01-09 18:20+00'),
  ('Noah & Mia', 'Ordered on Tuesday, on the trail by Friday.', '2026-02-14 09:05+00'),
  ('Léa', 'Best wool socks north of Lyon.', '2026-03-21 20:41+00');
