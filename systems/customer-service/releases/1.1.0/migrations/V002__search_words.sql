-- Expands only: 1.0.0 runs beside it.
CREATE INDEX customers_words ON customers USING gin (to_tsvector('simple', name || ' ' || coalesce(city, '')));
